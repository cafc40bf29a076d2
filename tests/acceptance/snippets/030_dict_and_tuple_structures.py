# Inputs and outputs as dicts and tuples.
import numpy as np
import layerlab as keras

a = keras.Input(shape=(3,), name="a")
b = keras.Input(shape=(3,), name="b")
total = keras.layers.Add(name="total")([a, b])
gap = keras.layers.Subtract(name="gap")([a, b])
model = keras.Model({"a": a, "b": b}, {"total": total, "gap": gap})
x = {"a": np.full((4, 3), 5.0, "float32"), "b": np.full((4, 3), 2.0, "float32")}
out = model.predict(x, verbose=0)
assert set(out) == {"total", "gap"}
assert np.allclose(out["total"], 7) and np.allclose(out["gap"], 3)
model.compile("sgd", {"total": "mse", "gap": "mae"})
scores = model.evaluate(x, {"total": np.zeros((4, 3)), "gap": np.zeros((4, 3))},
                        verbose=0, return_dict=True)
assert abs(scores["loss"] - 52) < 1e-3, scores
assert abs(scores["total_loss"] - 49) < 1e-3 and abs(scores["gap_loss"] - 3) < 1e-3, scores

pair = keras.Model((a, b), (total, [gap, total]))
out = pair.predict((x["a"], x["b"]), verbose=0)
assert isinstance(out, tuple) and len(out) == 2 and len(out[1]) == 2
assert np.allclose(out[1][0], 3) and np.allclose(out[1][1], 7)
