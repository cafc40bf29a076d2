# save(save_format='h5', include_optimizer=False).
import warnings
import numpy as np
import layerlab as keras
from layerlab.models import load_model
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
x, y = np.random.rand(8, 3).astype("float32"), np.random.rand(8, 1).astype("float32")
model.fit(x, y, epochs=3, verbose=0)
want = model.predict(x)
model.save("with.any_suffix", True, True, "h5")
model.save("without.h5", include_optimizer=False)
sizes = []
for path in ("with.any_suffix", "without.h5"):
    assert open(path, "rb").read(4) == b"\x89HDF"
    sizes.append(len(open(path, "rb").read()))
    assert np.allclose(load_model(path).predict(x), want, atol=1e-6)
assert sizes[1] < sizes[0]
never = keras.Model(i, keras.layers.Dense(1)(i))
never.save("never.h5")
loaded = load_model("never.h5")
assert loaded.predict(x).shape == (8, 1)
try:
    loaded.fit(x, y, verbose=0)
except Exception:
    pass
else:
    raise AssertionError("a model saved uncompiled came back compiled")
