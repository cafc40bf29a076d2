# sample_weight_mode='temporal' in compile, also as list and dict.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(shape=(4, 2))
model = keras.models.Model(i, keras.layers.Dense(1, name="steps")(i))
x = np.random.rand(5, 4, 2).astype("float32")
y = np.random.rand(5, 4, 1).astype("float32")
w = np.ones((5, 4), "float32")
w[:, 2:] = 0
model.compile(optimizer="sgd", loss="mse", sample_weight_mode="temporal")
base = model.evaluate(x, y, verbose=0)
masked = model.evaluate(x, y, sample_weight=w, verbose=0)
assert masked < base
model.fit(x, y, sample_weight=w, verbose=0)
for mode in (["temporal"], {"steps": "temporal"}, None):
    model.compile(optimizer="sgd", loss="mse", sample_weight_mode=mode)
model.fit(x, y, sample_weight=np.ones((5,), "float32"), verbose=0)
