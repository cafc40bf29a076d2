# The generator methods in their later form.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse", metrics=["mae"])
x = np.random.rand(12, 2).astype("float32")
y = np.random.rand(12, 1).astype("float32")

class Batches(keras.utils.Sequence):
    def __len__(self):
        return 3
    def __getitem__(self, k):
        return x[4 * k:4 * k + 4], y[4 * k:4 * k + 4]

ends = []
class Ends(keras.callbacks.Callback):
    def on_test_batch_end(self, batch, logs=None):
        ends.append("test")
    def on_predict_batch_end(self, batch, logs=None):
        ends.append("predict")

h = model.fit_generator(Batches(), steps_per_epoch=None, epochs=4, verbose=0, callbacks=None,
                        validation_data=Batches(), validation_steps=None, validation_freq=2,
                        class_weight=None, max_queue_size=10, workers=1,
                        use_multiprocessing=False, shuffle=True, initial_epoch=0)
assert len(h.history["loss"]) == 4 and len(h.history["val_loss"]) == 2
got = model.evaluate_generator(Batches(), steps=None, callbacks=[Ends()], max_queue_size=10,
                               workers=1, use_multiprocessing=False, verbose=0)
assert np.allclose(got, model.evaluate(x, y, verbose=0), atol=1e-4) and ends == ["test"] * 3
p = model.predict_generator(Batches(), steps=None, callbacks=[Ends()], max_queue_size=10,
                            workers=1, use_multiprocessing=False, verbose=0)
assert np.allclose(p, model.predict(x), atol=1e-5) and ends[3:] == ["predict"] * 3
