# steps_per_execution=N: batch callbacks come every N batches.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
x = np.random.rand(48, 2).astype("float32")
y = np.random.rand(48, 1).astype("float32")

class Count(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.begin = self.end = 0
    def on_train_batch_begin(self, batch, logs=None):
        self.begin += 1
    def on_train_batch_end(self, batch, logs=None):
        self.end += 1

for per_call, calls in ((1, 12), (4, 3), (100, 1)):
    model.compile(keras.optimizers.SGD(0.0), "mse", steps_per_execution=per_call)
    count = Count()
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=[count])
    assert (count.begin, count.end) == (2 * calls, 2 * calls), (per_call, count.begin, count.end)
    want = np.mean((model.predict(x, verbose=0) - y) ** 2)
    assert np.allclose(history.history["loss"], want, atol=1e-4), (per_call, history.history, want)
