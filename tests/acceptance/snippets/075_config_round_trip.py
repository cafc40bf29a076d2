# get_config and from_config rebuild the architecture without weights.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(3,), name="in_a")
h = keras.layers.Dense(4, activation="relu", name="d1")(i)
model = keras.Model(i, keras.layers.Dense(2, name="d2")(h), name="net")
clone = keras.Model.from_config(model.get_config())
assert clone.name == "net" and [l.name for l in clone.layers] == ["in_a", "d1", "d2"]
assert [w.shape for w in clone.get_weights()] == [w.shape for w in model.get_weights()]
x = np.random.rand(4, 3).astype("float32")
assert not np.allclose(clone.predict(x, verbose=0), model.predict(x, verbose=0))
clone.set_weights(model.get_weights())
assert np.allclose(clone.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
seq = keras.Sequential([keras.Input(shape=(3,)), keras.layers.Dense(2)])
again = keras.Sequential.from_config(seq.get_config(), custom_objects=None)
assert tuple(again.output_shape) == (None, 2)
