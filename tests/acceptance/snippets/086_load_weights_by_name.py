# load_weights(by_name=True), also with skip_mismatch.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

def build(*spec):
    i = h = keras.Input(shape=(3,))
    for name, width in spec:
        h = keras.layers.Dense(width, name=name)(h)
    return keras.Model(i, h)

source = build(("shared", 4), ("head", 2))
source.save_weights("w.h5")
target = build(("shared", 4), ("fresh", 5), ("new_head", 2))
kept = target.get_weights()
target.load_weights("w.h5", by_name=True)
got = target.get_weights()
assert np.array_equal(got[0], source.get_weights()[0]) and np.array_equal(got[1], source.get_weights()[1])
assert all(np.array_equal(a, b) for a, b in zip(got[2:], kept[2:]))

changed = build(("shared", 4), ("head", 7))
kept = changed.get_weights()
try:
    changed.load_weights("w.h5", by_name=True)
except ValueError:
    pass
else:
    raise AssertionError("shape mismatch went unnoticed")
changed = build(("shared", 4), ("head", 7))
kept = changed.get_weights()
changed.load_weights("w.h5", by_name=True, skip_mismatch=True)
got = changed.get_weights()
assert np.array_equal(got[0], source.get_weights()[0])
assert np.array_equal(got[2], kept[2])

# by topology (the default) names do not matter, nor do layers without weights
renamed = keras.Sequential([keras.layers.Dense(4, input_shape=(3,), name="p"),
                            keras.layers.Dropout(0.2), keras.layers.Dense(2, name="q")])
renamed.load_weights("w.h5", by_name=False)
assert all(np.array_equal(a, b) for a, b in zip(renamed.get_weights(), source.get_weights()))
