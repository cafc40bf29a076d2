# save writes a .keras file, load_model brings it back, and training goes on where it stopped.
import pathlib
import numpy as np
import layerlab as keras

first = keras.Sequential([keras.layers.Dense(4, input_shape=(2,)), keras.layers.Softmax()])
first.save("one.keras")
second = keras.saving.load_model("one.keras")
noise = keras.random.uniform((6, 2))
assert np.allclose(first.predict(noise, verbose=0), second.predict(noise, verbose=0))
assert isinstance(second, keras.Sequential)

# The optimizer's state travels too: training goes on as if nothing happened.
x = np.random.RandomState(0).rand(8, 2).astype("float32")
y = np.eye(4, dtype="float32")[[0, 1, 2, 3, 0, 1, 2, 3]]
first.compile(optimizer=keras.optimizers.Adam(0.05), loss="categorical_crossentropy")
first.fit(x, y, epochs=3, verbose=0, shuffle=False)
first.save(pathlib.Path("two.keras"))
twin = keras.saving.load_model("two.keras")
a = first.fit(x, y, epochs=3, verbose=0, shuffle=False).history["loss"]
b = twin.fit(x, y, epochs=3, verbose=0, shuffle=False).history["loss"]
assert np.allclose(a, b, atol=1e-5), (a, b)
keras.saving.save_model(first, "three.keras")
assert np.allclose(keras.saving.load_model("three.keras").predict(x, verbose=0),
                   first.predict(x, verbose=0), atol=1e-6)
