# load_weights(skip_mismatch=True) warns for each layer left out.
import warnings
import numpy as np
import layerlab as keras

def build(width, more=False):
    layers = [keras.Input(shape=(3,)), keras.layers.Dense(4), keras.layers.Dense(width)]
    return keras.Sequential(layers + ([keras.layers.Dense(6)] if more else []))

model = build(2)
model.save_weights("m.weights.h5")
for other in (build(5), build(2, more=True)):
    try:
        other.load_weights("m.weights.h5")
    except Exception:
        pass
    else:
        raise AssertionError("a mismatch went unnoticed")
other = build(5)
kept = other.get_weights()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    other.load_weights("m.weights.h5", skip_mismatch=True)
assert caught, "no warning for the skipped layer"
got = other.get_weights()
assert np.allclose(got[0], model.get_weights()[0]) and np.allclose(got[1], model.get_weights()[1])
assert np.array_equal(got[2], kept[2]) and np.array_equal(got[3], kept[3])
more = build(2, more=True)
kept = more.get_weights()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    more.load_weights("m.weights.h5", skip_mismatch=True)
assert caught
assert np.allclose(more.get_weights()[2], model.get_weights()[2])
assert np.array_equal(more.get_weights()[4], kept[4])
