# evaluate_generator and predict_generator in their first form.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(shape=(2,))
model = keras.models.Model(i, keras.layers.Dense(1)(i))
model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
x = np.random.rand(12, 2).astype("float32")
y = np.random.rand(12, 1).astype("float32")

def batches():
    while 1:
        for k in range(0, 12, 4):
            yield x[k:k + 4], y[k:k + 4]

def inputs():
    for batch in batches():
        yield batch[0]

p = model.predict_generator(inputs(), 3, max_queue_size=10, workers=1,
                            use_multiprocessing=False, verbose=0)
assert np.allclose(p, model.predict(x, verbose=0), atol=1e-5)
# the third positional argument was the queue size
assert model.predict_generator(inputs(), 2, 10).shape == (8, 1)
got = model.evaluate_generator(batches(), 3, max_queue_size=10, workers=1, use_multiprocessing=False)
assert np.allclose(got, [np.mean((p - y) ** 2), np.abs(p - y).mean()], atol=1e-4)
assert np.allclose(model.evaluate_generator(batches(), 3, 10), got, atol=1e-4)

history = model.fit_generator(batches(), steps_per_epoch=3, epochs=2, verbose=0, callbacks=[],
                              validation_data=batches(), validation_steps=3,
                              class_weight=None, max_queue_size=10, workers=1,
                              use_multiprocessing=False, initial_epoch=0)
assert len(history.history["val_loss"]) == 2
history = model.fit_generator(batches(), 3, 4, verbose=0, validation_data=(x, y, np.ones(12)),
                              initial_epoch=2)
assert history.epoch == [2, 3] and len(history.history["val_loss"]) == 2

class Batches(keras.utils.Sequence):
    def __len__(self):
        return 3
    def __getitem__(self, k):
        return x[4 * k:4 * k + 4], y[4 * k:4 * k + 4]
model.fit_generator(Batches(), 3, verbose=0)
