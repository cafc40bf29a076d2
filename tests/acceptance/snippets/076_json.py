# to_json(**kwargs) and model_from_json(json_string, custom_objects).
import json
import numpy as np
import layerlab as keras
from layerlab.models import model_from_json

class Twice(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2.0

i = keras.Input(shape=(3,))
model = keras.Model(i, Twice()(keras.layers.Dense(2)(i)))
text = model.to_json()
assert isinstance(text, str) and isinstance(json.loads(text), dict)
indented = model.to_json(indent=2, sort_keys=True)
assert "\n  " in indented and json.loads(indented) == json.loads(text)
twin = model_from_json(text, custom_objects={"Twice": Twice})
assert [type(l).__name__ for l in twin.layers] == ["InputLayer", "Dense", "Twice"]
twin.set_weights(model.get_weights())
x = np.random.rand(4, 3).astype("float32")
assert np.allclose(twin.predict(x), model.predict(x), atol=1e-6)
plain = keras.Model(i, keras.layers.Dense(2)(i))
assert model_from_json(plain.to_json(), custom_objects={}).predict(x).shape == (4, 2)
