# RuntimeError when fit meets a model that was never compiled.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
try:
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
except RuntimeError as e:
    assert "compile" in str(e)
else:
    raise AssertionError("no RuntimeError")
assert model.predict(np.zeros((4, 2))).shape == (4, 1)   # predict needs no compile
