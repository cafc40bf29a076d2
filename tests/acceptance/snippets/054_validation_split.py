# validation_split takes the last samples; validation_data overrides it.
import numpy as np
import layerlab as keras

i = keras.layers.Input(shape=(1,))
model = keras.models.Model(i, keras.layers.Dense(1, kernel_initializer="zeros", name="d")(i))
model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", metrics=["mae"])
x = np.zeros((10, 1), "float32")
y = np.array([1.0] * 7 + [3.0] * 3, "float32")[:, None]
h = model.fit(x, y, validation_split=0.3, epochs=2, verbose=0).history
assert set(h) == {"loss", "mae", "val_loss", "val_mae"} or len(h) == 4, h
assert np.allclose(h["loss"], 1.0) and np.allclose(h["val_loss"], 9.0), h
h = model.fit(x, y, validation_split=0.3, validation_data=(x[:2], y[:2] * 5), verbose=0).history
assert np.allclose(h["val_loss"], 25.0), h
h = model.fit(x, y, validation_data=(x[:2], y[:2] * 5, np.array([1.0, 0.0])), verbose=0).history
assert np.allclose(h["val_loss"], 12.5) or np.allclose(h["val_loss"], 25.0), h
