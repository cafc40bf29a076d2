# validation_freq as any container.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x, y = np.zeros((8, 1)), np.zeros((8, 1))
ran = []
class Watch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_now = epoch + 1
    def on_test_begin(self, logs=None):
        ran.append(self.epoch_now)

for epochs in ((1, 2, 10), {1, 2, 10}, range(1, 12, 5)):
    del ran[:]
    model.fit(x, y, epochs=11, validation_data=(x, y), validation_freq=epochs,
              verbose=0, callbacks=[Watch()])
    assert ran == sorted(set(epochs)), (epochs, ran)
