# steps_per_epoch beside arrays.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
ends = []
class Ends(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        ends.append(batch)
x, y = np.zeros((40, 1), "float32"), np.zeros((40, 1), "float32")
h = model.fit(x, y, batch_size=4, steps_per_epoch=3, epochs=2, verbose=0, callbacks=[Ends()])
assert len(h.history["loss"]) == 2 and len(ends) == 6
assert model.predict(x, batch_size=4, steps=2, verbose=0).shape == (8, 1)
del ends[:]
model.fit(x, y, verbose=0, callbacks=[Ends()])     # batch_size defaults to 32
assert len(ends) == 2
