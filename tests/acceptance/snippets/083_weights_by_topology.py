# Weights in .weights.h5 follow the topology.
import pathlib
import numpy as np
import layerlab as keras

def build(extra):
    layers = [keras.Input(shape=(3,)), keras.layers.Dense(4, activation="relu")]
    if extra:
        layers.append(keras.layers.Dropout(0.5))
    return keras.Sequential(layers + [keras.layers.Dense(2)])

x = np.random.rand(4, 3).astype("float32")
model = build(False)
assert model.save_weights("m.weights.h5") is None
model.save_weights(pathlib.Path("p.weights.h5"), overwrite=True)
for extra in (False, True):
    other = build(extra)
    assert not np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0))
    other.load_weights("m.weights.h5")
    assert np.allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
again = build(True)
again.load_weights(pathlib.Path("p.weights.h5"))
assert np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
