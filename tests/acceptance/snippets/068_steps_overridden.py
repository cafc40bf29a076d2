# train_step, test_step, predict_step take (data) and may be overridden.
import numpy as np
import layerlab as keras

class Custom(keras.Model):
    def train_step(self, data):
        x, y = data
        logs = dict(super().train_step(data))
        logs["double"] = logs["loss"] * 2
        return logs
    def test_step(self, data):
        logs = dict(super().test_step(data))
        logs["triple"] = logs["loss"] * 3
        return logs
    def predict_step(self, data):
        return super().predict_step(data) + 1.0

i = keras.Input(shape=(2,))
layer = keras.layers.Dense(1)
model = Custom(i, layer(i))
plain = keras.Model(model.inputs, model.outputs)
model.compile("sgd", "mse")
x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
seen = []
class Watch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        seen.append(set(logs))
h = model.fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=[Watch()],
              validation_data=(x, y)).history
assert seen and all(s == {"loss", "double"} for s in seen), seen
assert {"loss", "double", "val_loss", "val_triple"} <= set(h), h
assert np.allclose(np.array(h["val_triple"]), 3 * np.array(h["val_loss"]), rtol=1e-4)
got = model.evaluate(x, y, verbose=0, return_dict=True)
assert abs(got["triple"] - 3 * got["loss"]) < 1e-4
direct = plain.predict(x)
assert np.allclose(model.predict(x), np.asarray(direct).reshape(8, 1) + 1.0, atol=1e-5)
