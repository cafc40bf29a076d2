# steps_per_epoch=-1 trains on without end.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x, y = np.random.rand(4, 1).astype("float32"), np.random.rand(4, 1).astype("float32")

def forever():
    while True:
        yield x, y

class Stop(keras.callbacks.Callback):
    batches = epochs_ended = 0
    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == 300:
            self.model.stop_training = True
    def on_epoch_begin(self, epoch, logs=None):
        assert epoch == 0

stop = Stop()
model.fit(forever(), steps_per_epoch=-1, epochs=7, verbose=0, callbacks=[stop])
assert stop.batches == 300, stop.batches
