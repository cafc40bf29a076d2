# After loading, weights are reached through get_layer('dense_1').kernel.
import warnings
import numpy as np
import layerlab as keras
from layerlab.models import load_model
warnings.simplefilter("ignore")

to_np = lambda t: keras.ops.convert_to_numpy(t) if hasattr(keras, "ops") else t.numpy()
model = keras.Sequential([keras.layers.Dense(4, input_shape=(3,)), keras.layers.Dense(2)])
assert [l.name for l in model.layers] == ["dense", "dense_1"]
model.save("m.h5")
loaded = load_model("m.h5")
assert np.array_equal(to_np(loaded.get_layer("dense_1").kernel),
                      to_np(model.get_layer("dense_1").kernel))
assert to_np(loaded.get_layer("dense_1").kernel).shape == (4, 2)
