# 2D sample weights, one per time step, with no mode set.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(4, 2))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x = np.random.rand(5, 4, 2).astype("float32")
y = np.random.rand(5, 4, 1).astype("float32")
w = np.random.rand(5, 4).astype("float32")
p = model.predict(x, verbose=0)
want = np.mean(((p - y) ** 2)[..., 0] * w)
assert abs(model.evaluate(x, y, sample_weight=w, verbose=0) - want) < 1e-4
assert abs(model.test_on_batch(x, y, sample_weight=w) - want) < 1e-4
assert abs(model.fit(x, y, sample_weight=w, verbose=0).history["loss"][0] - want) < 1e-4
