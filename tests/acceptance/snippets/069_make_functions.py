# make_*_function: cached, dropped by compile, fed an iterator.
import numpy as np
import layerlab as keras

x, y = np.random.rand(4, 2).astype("float32"), np.random.rand(4, 1).astype("float32")
def one_batch():
    try:
        import tensorflow as tf
    except ImportError:
        return iter([(x, y)])
    return iter(tf.data.Dataset.from_tensors((x, y)))

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
p = model.predict(x)
made = {}
for kind in ("predict", "test", "train"):
    make = getattr(model, "make_%s_function" % kind)
    made[kind] = make()
    assert callable(made[kind]) and make() is made[kind]
model.reset_metrics()
logs = made["test"](one_batch())
assert isinstance(logs, dict) and abs(float(logs["loss"]) - np.mean((p - y) ** 2)) < 1e-4
model.reset_metrics()
logs = made["train"](one_batch())
assert isinstance(logs, dict) and "loss" in logs
assert not np.allclose(model.predict(x), p)
out = made["predict"](one_batch())
out = np.asarray(out[0] if isinstance(out, (list, tuple)) else out)
assert np.allclose(out, model.predict(x), atol=1e-5)
model.compile("sgd", "mse")
assert model.make_train_function() is not made["train"]
assert model.make_test_function() is not made["test"]
assert model.make_predict_function() is not made["predict"]
