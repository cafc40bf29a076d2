# to_yaml(**kwargs) and model_from_yaml.
import warnings
import numpy as np
import yaml
import layerlab as keras
from layerlab.models import model_from_yaml
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(2, name="only")(i))
text = model.to_yaml()
assert isinstance(text, str) and "only" in text
assert isinstance(model.to_yaml(default_flow_style=False), str)
twin = model_from_yaml(text, custom_objects={})
twin.set_weights(model.get_weights())
x = np.random.rand(4, 3).astype("float32")
assert np.allclose(twin.predict(x), model.predict(x), atol=1e-6)
