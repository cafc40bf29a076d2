# KerasTensor holds a shape and a dtype; calls on it infer shapes.
import numpy as np
import layerlab as keras

spec = keras.KerasTensor(shape=(2, 6), dtype="float32")
assert spec.shape == (2, 6)
assert spec.dtype == "float32"
assert keras.KerasTensor((2, 6)).dtype == "float32"
named = keras.KerasTensor(shape=(None, 2), dtype="int32", sparse=False,
                          ragged=False, record_history=True, name="ids")
assert named.name == "ids" and named.dtype == "int32" and named.shape == (None, 2)

y = keras.layers.Dense(7)(spec)
assert isinstance(y, keras.KerasTensor) and y.shape == (2, 7) and y.dtype == "float32"
z = keras.ops.sum(y, axis=-1)
assert isinstance(z, keras.KerasTensor) and z.shape == (2,)
inp = keras.Input(shape=(5,))
assert isinstance(inp, keras.KerasTensor) and inp.shape == (None, 5)
model = keras.Model(inp, keras.layers.Dense(2)(inp))
out = model(keras.KerasTensor((8, 5)))
assert isinstance(out, keras.KerasTensor) and out.shape == (8, 2)
fn = keras.Function(inputs=inp, outputs=keras.ops.abs(inp))
assert np.allclose(keras.ops.convert_to_numpy(fn(-np.ones((1, 5), "float32"))), 1.0)
