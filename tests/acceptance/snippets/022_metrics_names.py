# metrics_names is empty, then ['loss', 'mae'].
import numpy as np
import layerlab as keras

start = keras.layers.Input(shape=(3,))
net = keras.models.Model(start, keras.layers.Dense(2)(start))
net.compile("Adam", "mse", metrics=["mae"])
assert net.metrics_names == [], net.metrics_names

x, y = np.random.rand(4, 3), np.random.randint(0, 2, size=(4, 2))
net.fit(x, y, verbose=0)
assert net.metrics_names == ["loss", "mae"], net.metrics_names
labelled = dict(zip(net.metrics_names, net.evaluate(x, y, verbose=0)))
p = net.predict(x)
assert abs(labelled["mae"] - np.abs(p - y).mean()) < 1e-4
assert abs(labelled["loss"] - ((p - y) ** 2).mean()) < 1e-4
