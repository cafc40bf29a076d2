# train_on_batch and test_on_batch: scalar, list, dict.
import numpy as np
import layerlab as keras

x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
p = model.predict(x)
want = np.mean((p - y) ** 2)
assert abs(model.test_on_batch(x, y) - want) < 1e-4
assert abs(model.train_on_batch(x, y) - want) < 1e-4
assert model.test_on_batch(x, y) < want
model.compile("sgd", "mse", metrics=["mae"])
got = model.train_on_batch(x, y)
assert isinstance(got, list) and len(got) == 2
got = model.train_on_batch(x, y, return_dict=True)
assert set(got) == {"loss", "mae"}
got = model.test_on_batch(x, y, return_dict=True)
p = model.predict(x)
assert abs(got["mae"] - np.abs(p - y).mean()) < 1e-4
w = np.arange(8, dtype="float32")
got = model.test_on_batch(x, y, sample_weight=w)
assert abs(got[0] - np.mean(((p - y) ** 2)[:, 0] * w)) < 1e-3
# each call answers for its own batch
a = model.test_on_batch(x, y)
model.test_on_batch(x, y + 100)
assert np.allclose(model.test_on_batch(x, y), a, atol=1e-5)
