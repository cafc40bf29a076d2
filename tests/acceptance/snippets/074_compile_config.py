# get_compile_config and compile_from_config.
import json
import numpy as np
import layerlab as keras

def build():
    i = keras.Input(shape=(2,))
    return keras.Model(i, keras.layers.Dense(1, kernel_initializer="ones")(i))

model = build()
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.125), loss="mse",
              loss_weights=[2.0], metrics=["mae"], weighted_metrics=["mse"])
config = model.get_compile_config()
assert isinstance(config, dict)
json.dumps(config)
other = build()
other.compile_from_config(config)
x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
a = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
b = other.fit(x, y, epochs=2, shuffle=False, verbose=0).history
assert set(a) == set(b) == {"loss", "mae", "mse"}
assert all(np.allclose(a[k], b[k], atol=1e-6) for k in a)
