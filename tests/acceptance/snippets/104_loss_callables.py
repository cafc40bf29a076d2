# A loss is any callable, and a Loss may keep per-sample values.
import numpy as np
import layerlab as keras

x, y = np.random.rand(6, 2).astype("float32"), np.random.rand(6, 3).astype("float32")
i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(3)(i))
p = model.predict(x)

def fourth(y_true, y_pred):
    d = y_true - y_pred
    return d * d * d * d

def spread(y_true, y_pred):
    return abs(y_true - y_pred)

model.compile("sgd", loss=fourth, metrics=[spread])
got = model.evaluate(x, y, verbose=0, return_dict=True)
assert set(got) == {"loss", "spread"}, got
assert abs(got["loss"] - np.mean((p - y) ** 4)) < 1e-4
assert abs(got["spread"] - np.mean(abs(p - y))) < 1e-4

model.compile("sgd", loss=keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError()])
got = model.evaluate(x, y, verbose=0, return_dict=True)
assert set(got) == {"loss", "mean_absolute_error"}

to_np = lambda t: keras.ops.convert_to_numpy(t) if hasattr(keras, "ops") else t.numpy()
each = to_np(keras.losses.MeanSquaredError(reduction="none")(y, p))
assert each.shape == (6,) and np.allclose(each, np.mean((p - y) ** 2, axis=1), atol=1e-5)
