# What an iterator may yield: tuples of length 1, 2, 3, or just x.
import numpy as np
import layerlab as keras

x0 = keras.Input(shape=(2,), name="x0")
x1 = keras.Input(shape=(2,), name="x1")
model = keras.Model([x0, x1], keras.layers.Dense(1)(keras.layers.concatenate([x0, x1])))
model.compile("sgd", "mse")
feats = {"x0": np.random.rand(4, 2).astype("float32"), "x1": np.random.rand(4, 2).astype("float32")}
y = np.random.rand(4, 1).astype("float32")
w = np.array([0, 0, 1, 1], "float32")

def repeat(item):
    while True:
        yield item

p = model.predict(feats)
pairs = model.evaluate(repeat((feats, y)), steps=2, verbose=0)
assert abs(pairs - np.mean((p - y) ** 2)) < 1e-4
weighted = model.evaluate(repeat((feats, y, w)), steps=2, verbose=0)
assert abs(weighted - np.mean(((p - y) ** 2)[:, 0] * w)) < 1e-4
model.fit(repeat((feats, y)), steps_per_epoch=3, verbose=0)

p = model.predict(feats)
for item in ((feats,), feats, (feats, y), (feats, y, w)):
    got = model.predict(repeat(item), steps=2)
    assert got.shape == (8, 1) and np.allclose(got[:4], p, atol=1e-5)
single = keras.Model(x0, keras.layers.Dense(1)(x0))
got = single.predict(repeat(feats["x0"]), steps=3)
assert got.shape == (12, 1)
