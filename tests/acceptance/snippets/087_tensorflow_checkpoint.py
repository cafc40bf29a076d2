# Weights as a TensorFlow checkpoint: a prefix, several files, a status object. Needs the extra "tensorflow".
import glob
import importlib.util
import os
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

class MyModel(keras.Model):
    def __init__(self):
        super(MyModel, self).__init__()
        self.dense1 = keras.layers.Dense(4, activation="relu")
        self.dense2 = keras.layers.Dense(2)
    def call(self, inputs):
        return self.dense2(self.dense1(inputs))

x = np.random.rand(4, 3).astype("float32")
model = MyModel()
want = model.predict(x)
os.mkdir("ckpt")
prefix = os.path.join("ckpt", "mine")

def without_tensorflow():
    for save in (lambda: model.save_weights(prefix), lambda: model.save_weights(prefix, save_format="tf")):
        try:
            save()
        except ImportError as error:
            assert 'pip install "layerlab[tensorflow]"' in str(error), error
        else:
            raise AssertionError("a checkpoint was written without TensorFlow")
    assert os.listdir("ckpt") == []

def with_tensorflow():
    model.save_weights(prefix)                     # no suffix: 'tf'
    model.save_weights(os.path.join("ckpt", "said.h5x"), save_format="tf")
    assert len(glob.glob(prefix + "*")) >= 2, os.listdir("ckpt")
    assert not os.path.exists(prefix)

    other = MyModel()
    assert not np.allclose(other.predict(x), want)
    status = other.load_weights(prefix)
    assert status is not None and hasattr(status, "assert_consumed")
    assert np.allclose(other.predict(x), want, atol=1e-6)

    unbuilt = MyModel()                            # restored when first called
    unbuilt.load_weights(prefix)
    assert np.allclose(unbuilt.predict(x), want, atol=1e-6)
    try:
        other.load_weights(prefix, by_name=True)
    except (NotImplementedError, ValueError):
        pass
    else:
        raise AssertionError("by_name accepted for the TensorFlow format")

with_tensorflow() if importlib.util.find_spec("tensorflow") else without_tensorflow()
