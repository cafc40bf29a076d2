# validation_freq as a number and as a list; validation_batch_size.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x, y = np.zeros((8, 1)), np.zeros((8, 1))
ran, batches = [], []
class Watch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_now = epoch + 1
    def on_test_begin(self, logs=None):
        ran.append(self.epoch_now)
    def on_test_batch_end(self, batch, logs=None):
        batches.append(batch)

h = model.fit(x, y, epochs=5, validation_data=(x, y), validation_freq=2,
              validation_batch_size=2, verbose=0, callbacks=[Watch()]).history
assert ran == [2, 4] and len(h["val_loss"]) == 2 and len(h["loss"]) == 5, ran
assert len(batches) == 8, batches
del ran[:]
model.fit(x, y, epochs=11, validation_data=(x, y), validation_freq=[1, 2, 10],
          verbose=0, callbacks=[Watch()])
assert ran == [1, 2, 10], ran
