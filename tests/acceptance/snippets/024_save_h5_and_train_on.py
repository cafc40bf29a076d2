# Save to my_model.h5, delete, load_model gives back a compiled twin.
import os
import warnings
import numpy as np
import layerlab as keras
from layerlab.models import load_model
warnings.simplefilter("ignore")

inputs = keras.layers.Input(shape=(3,))
h = keras.layers.Dense(4, activation="tanh")(inputs)
model = keras.models.Model(inputs, keras.layers.Dense(1)(h))
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
x = np.random.RandomState(0).rand(8, 3).astype("float32")
y = np.random.RandomState(1).rand(8, 1).astype("float32")
model.fit(x, y, epochs=3, shuffle=False, verbose=0)
before = model.predict(x)
scores = model.evaluate(x, y, verbose=0)

model.save("my_model.h5")
assert open("my_model.h5", "rb").read(8) == b"\x89HDF\r\n\x1a\n"
follow = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
del model

model = load_model("my_model.h5")
assert np.allclose(model.predict(x), before, atol=1e-6)
assert np.allclose(model.evaluate(x, y, verbose=0), scores, atol=1e-5)
again = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
assert np.allclose(again, follow, atol=1e-5), (again, follow)
