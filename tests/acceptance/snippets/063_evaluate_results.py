# evaluate: scalar, list, or dict.
import numpy as np
import layerlab as keras

x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
alone = model.evaluate(x, y, verbose=0)
assert np.ndim(alone) == 0 and isinstance(float(alone), float)
assert set(model.evaluate(x, y, verbose=0, return_dict=True)) == {"loss"}
model.compile("sgd", "mse", metrics=["mae"])
several = model.evaluate(x, y, verbose=0)
assert isinstance(several, list) and len(several) == 2
as_dict = model.evaluate(x, y, verbose=0, return_dict=True)
assert list(as_dict) == ["loss", "mae"]
assert np.allclose(several, list(as_dict.values()))
two = keras.Model(i, [keras.layers.Dense(1, name="p")(i), keras.layers.Dense(1, name="q")(i)])
two.compile("sgd", "mse")
assert len(two.evaluate(x, [y, y], verbose=0)) == 3
seen = []
class Watch(keras.callbacks.Callback):
    def on_test_batch_end(self, batch, logs=None):
        seen.append(set(logs))
model.evaluate(x, y, batch_size=2, verbose=0, callbacks=[Watch()])
assert seen == [{"loss", "mae"}] * 4
