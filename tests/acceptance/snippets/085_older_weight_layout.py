# The older HDF5 weight file: layer_names, groups, weight_names, datasets.
import warnings
import h5py
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,), name="in_a")
h = keras.layers.Dense(4, name="first")(i)
h = keras.layers.Dropout(0.5, name="rest")(h)
model = keras.Model(i, keras.layers.Dense(2, name="second")(h))
model.save_weights("w.h5")                       # the suffix alone says HDF5
model.save_weights("named_otherwise", save_format="h5")
text = lambda v: v.decode() if isinstance(v, bytes) else str(v)
for path in ("w.h5", "named_otherwise"):
    with h5py.File(path, "r") as f:
        assert [text(n) for n in f.attrs["layer_names"]] == ["in_a", "first", "rest", "second"]
        for layer in model.layers:
            group = f[layer.name]
            names = [text(n) for n in group.attrs["weight_names"]]
            assert len(names) == len(layer.weights)
            for name, value in zip(names, layer.get_weights()):
                assert np.array_equal(np.asarray(group[name]), value)
wiped = [np.zeros_like(v) for v in model.get_weights()]
saved = model.get_weights()
model.set_weights(wiped)
assert model.load_weights("w.h5") is None
assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), saved))
