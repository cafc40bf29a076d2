# metrics_names of a two-output model made by one layer called twice.
import numpy as np
import layerlab as keras

x, y = np.random.rand(4, 3), np.random.randint(0, 2, size=(4, 2))
start = keras.layers.Input(shape=(3,))
shared = keras.layers.Dense(2, name="out")
net = keras.models.Model(start, [shared(start), shared(start)])
net.compile("Adam", "mse", metrics=["mae", "acc"])
history = net.fit(x, (y, y), verbose=0)
wanted = ["loss", "out_loss", "out_1_loss", "out_mae", "out_acc", "out_1_mae", "out_1_acc"]
assert net.metrics_names == wanted, net.metrics_names
assert set(history.history) == set(wanted), history.history
scores = net.evaluate(x, (y, y), verbose=0)
assert len(scores) == 7
s = dict(zip(net.metrics_names, scores))
assert abs(s["loss"] - s["out_loss"] - s["out_1_loss"]) < 1e-4
assert abs(s["out_mae"] - np.abs(net.predict(x)[0] - y).mean()) < 1e-4
