# ValueError for an unknown sample_weight_mode.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(shape=(2,))
model = keras.models.Model(i, keras.layers.Dense(1)(i))
try:
    model.compile(optimizer="sgd", loss="mse", sample_weight_mode="sideways")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
except ValueError:
    pass
else:
    raise AssertionError("sample_weight_mode='sideways' was accepted")
