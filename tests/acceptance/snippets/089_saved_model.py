# save(save_format='tf') and save to a bare path make a directory. Needs the extra "tensorflow".
import importlib.util
import os
import warnings
import numpy as np
import layerlab as keras
from layerlab.models import load_model
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(1)(keras.layers.Dense(4, activation="tanh")(i)))
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
x = np.random.RandomState(0).rand(8, 3).astype("float32")
y = np.random.RandomState(1).rand(8, 1).astype("float32")
model.fit(x, y, epochs=2, verbose=0, shuffle=False)

def save_both():
    model.save("as_tf", save_format="tf", include_optimizer=True, signatures=None, options=None)
    model.save("bare", overwrite=True)

def without_tensorflow():
    try:
        save_both()
    except ImportError as error:
        assert 'pip install "layerlab[tensorflow]"' in str(error), error
    else:
        raise AssertionError("a SavedModel was written without TensorFlow")
    assert os.listdir() == []

def with_tensorflow():
    save_both()
    scores = model.evaluate(x, y, verbose=0)
    follow = model.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"]
    for place in ("as_tf", "bare"):
        assert os.path.isfile(os.path.join(place, "saved_model.pb"))
        twin = load_model(place)
        assert np.allclose(twin.evaluate(x, y, verbose=0), scores, atol=1e-5)
        again = twin.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"]
        assert np.allclose(again, follow, atol=1e-5), (again, follow)

with_tensorflow() if importlib.util.find_spec("tensorflow") else without_tensorflow()
