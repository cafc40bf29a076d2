# steps and validation_steps; validation starts over each epoch.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1, kernel_initializer="zeros")(i))
model.compile(keras.optimizers.SGD(0.0), "mse")
x = np.zeros((12, 1), "float32")
y = np.arange(12, dtype="float32")[:, None]

class Batches(keras.utils.Sequence):
    def __len__(self):
        return 6
    def __getitem__(self, k):
        return x[2 * k:2 * k + 2], y[2 * k:2 * k + 2]

want = np.mean(y[:4] ** 2)
h = model.fit(x, y, epochs=3, validation_data=Batches(), validation_steps=2, verbose=0).history
assert np.allclose(h["val_loss"], want), (h, want)
assert abs(model.evaluate(Batches(), steps=2, verbose=0) - want) < 1e-4
assert model.predict(Batches(), steps=2).shape == (4, 1)
