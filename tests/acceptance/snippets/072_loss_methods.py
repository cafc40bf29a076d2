# compute_loss, compiled_loss, loss(...) and compiled_metrics.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse", metrics=["mae"])
x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
model.evaluate(x, y, verbose=0)
p = model.predict(x, verbose=0)
ty, tp = keras.ops.convert_to_tensor(y), keras.ops.convert_to_tensor(p)
val = lambda t: float(keras.ops.convert_to_numpy(t))
want = np.mean((p - y) ** 2)
assert abs(val(model.compute_loss(x=None, y=ty, y_pred=tp)) - want) < 1e-5
assert abs(val(model.compiled_loss(ty, tp)) - want) < 1e-5
assert abs(val(model.compiled_loss(ty, tp, sample_weight=None, regularization_losses=None)) - want) < 1e-5
w = keras.ops.convert_to_tensor(np.arange(8, dtype="float32"))
weighted = np.mean(((p - y) ** 2)[:, 0] * np.arange(8))
assert abs(val(model.compiled_loss(ty, tp, w)) - weighted) < 1e-4
model.compiled_metrics.update_state(ty, tp)
assert callable(model.loss), "after compile, loss is still the method"
assert abs(val(model.loss(ty, tp)) - want) < 1e-5
assert abs(val(model.loss(ty, tp, sample_weight=w)) - weighted) < 1e-4
