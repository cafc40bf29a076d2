# A stateful model: batch-size multiples, reset_states.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(batch_shape=(2, 4, 1))
model = keras.models.Model(i, keras.layers.LSTM(3, stateful=True)(i))
x = np.ones((2, 4, 1), "float32")
first = model.predict(x, batch_size=2, verbose=0)
second = model.predict(x, batch_size=2, verbose=0)
assert not np.allclose(first, second)
model.reset_states()
assert np.allclose(model.predict(x, batch_size=2, verbose=0), first, atol=1e-6)
try:
    model.predict(np.ones((5, 4, 1), "float32"), batch_size=2, verbose=0)
except ValueError:
    pass
else:
    raise AssertionError("5 samples in batches of 2 went through a stateful model")
