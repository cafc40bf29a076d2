# Older positional order compile(optimizer, loss, metrics).
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(shape=(2,))
model = keras.models.Model(i, keras.layers.Dense(1)(i))
x = np.random.rand(8, 2).astype("float32")
y = np.random.rand(8, 1).astype("float32")
model.compile("sgd", "mse", ["mae"])
values = model.evaluate(x, y, verbose=0)
p = model.predict(x, verbose=0)
assert len(values) == 2
assert abs(values[1] - np.abs(p - y).mean()) < 1e-4
model.compile("sgd", "mse", ["mae"], [2.0])
values = model.evaluate(x, y, verbose=0)
assert abs(values[0] - 2 * np.mean((p - y) ** 2)) < 1e-4
assert abs(values[1] - np.abs(p - y).mean()) < 1e-4
