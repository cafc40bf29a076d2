# utils.Sequence with max_queue_size, workers, use_multiprocessing.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

x = np.random.rand(10, 2).astype("float32")
y = np.random.rand(10, 1).astype("float32")

class Batches(keras.utils.Sequence):
    def __len__(self):
        return 5
    def __getitem__(self, k):
        return x[2 * k:2 * k + 2], y[2 * k:2 * k + 2]

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
for workers in (1, 2, 0):
    how = dict(max_queue_size=3, workers=workers, use_multiprocessing=False)
    history = model.fit(Batches(), epochs=2, verbose=0, **how)
    assert len(history.history["loss"]) == 2
    p = model.predict(Batches(), **how)
    assert np.allclose(p, model.predict(x), atol=1e-5)
    assert abs(model.evaluate(Batches(), verbose=0, **how) - np.mean((p - y) ** 2)) < 1e-4
# the three arguments are also harmless beside plain arrays
model.fit(x, y, verbose=0, max_queue_size=10, workers=1, use_multiprocessing=False)
model.evaluate(x, y, verbose=0, max_queue_size=10, workers=1, use_multiprocessing=False)
model.predict(x, max_queue_size=10, workers=1, use_multiprocessing=False)
