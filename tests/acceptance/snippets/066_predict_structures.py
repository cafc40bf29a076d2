# predict and predict_on_batch: arrays, lists, dicts, several outputs.
import numpy as np
import layerlab as keras

a = keras.layers.Input(shape=(2,), name="a")
b = keras.layers.Input(shape=(2,), name="b")
total = keras.layers.add([a, b])
model = keras.models.Model([a, b], total)
xa, xb = np.random.rand(70, 2).astype("float32"), np.random.rand(70, 2).astype("float32")
for data in ([xa, xb], {"b": xb, "a": xa}):
    got = model.predict(data, batch_size=16, verbose=0)
    assert isinstance(got, np.ndarray) and np.allclose(got, xa + xb)
assert np.allclose(model.predict_on_batch([xa, xb]), xa + xb)
two = keras.models.Model([a, b], [total, keras.layers.multiply([a, b])])
got = two.predict([xa, xb], verbose=0)
assert isinstance(got, list) and np.allclose(got[1], xa * xb)
got = two.predict_on_batch([xa, xb])
assert len(got) == 2 and isinstance(got[0], np.ndarray) and np.allclose(got[1], xa * xb)
