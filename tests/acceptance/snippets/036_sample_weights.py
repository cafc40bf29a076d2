# Sample weights reach the loss and weighted_metrics, not metrics.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile(optimizer="sgd", loss="mse", metrics=["mae"], weighted_metrics=["mse"])
x = np.random.rand(6, 3).astype("float32")
y = np.random.rand(6, 1).astype("float32")
w = np.array([0, 1, 2, 3, 0, 4], "float32")
p = model.predict(x, verbose=0)
err = ((p - y) ** 2)[:, 0]
got = model.evaluate(x, y, sample_weight=w, verbose=0, return_dict=True)
assert abs(got["loss"] - np.mean(err * w)) < 1e-4
assert abs(got["mae"] - np.abs(p - y).mean()) < 1e-4
assert abs(got["mse"] - (err * w).sum() / w.sum()) < 1e-4
got = model.evaluate(x, y, sample_weight=w, verbose=0)
assert len(got) == 3
got = model.fit(x, y, sample_weight=w, verbose=0).history
assert abs(got["loss"][0] - np.mean(err * w)) < 1e-4
