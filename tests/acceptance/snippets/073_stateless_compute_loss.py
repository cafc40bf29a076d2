# stateless_compute_loss with explicit variables.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1, kernel_regularizer="l2")(i))
model.compile("sgd", "mse")
x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
model.evaluate(x, y, verbose=0)
p = keras.ops.convert_to_tensor(model.predict(x, verbose=0))
val = lambda t: float(keras.ops.convert_to_numpy(t))
tv = [v.value for v in model.trainable_variables]
ntv = [v.value for v in model.non_trainable_variables]
mv = [v.value for v in model.metrics_variables]
out = model.stateless_compute_loss(tv, ntv, mv, x=x, y=keras.ops.convert_to_tensor(y), y_pred=p)
loss, state = out
want = np.mean((keras.ops.convert_to_numpy(p) - y) ** 2) + 0.01 * (model.get_weights()[0] ** 2).sum()
assert abs(val(loss) - want) < 1e-4
assert len(state) == 3 and len(state[0]) == len(tv)
# other weights, other penalty; the model keeps its own
kept = model.get_weights()
loss, state = model.stateless_compute_loss([v * 0 for v in tv], ntv, mv,
                                           x=x, y=keras.ops.convert_to_tensor(y), y_pred=p)
assert abs(val(loss) - np.mean((keras.ops.convert_to_numpy(p) - y) ** 2)) < 1e-4
assert all(np.array_equal(a, b) for a, b in zip(kept, model.get_weights()))
