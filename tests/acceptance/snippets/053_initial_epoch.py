# initial_epoch: epochs names the final epoch.
import numpy as np
import layerlab as keras

i = keras.layers.Input(shape=(2,))
model = keras.models.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
begun = []
class Epochs(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        begun.append(epoch)
history = model.fit(np.zeros((4, 2)), np.zeros((4, 1)), epochs=5, initial_epoch=3,
                    verbose=0, callbacks=[Epochs()])
assert begun == [3, 4] and history.epoch == [3, 4]
assert len(history.history["loss"]) == 2
