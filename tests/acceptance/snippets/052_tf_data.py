# tf.data.Dataset, or an object of that class name when TF is absent.
import numpy as np
import layerlab as keras

x = np.random.rand(12, 2).astype("float32")
y = np.random.rand(12, 1).astype("float32")
w = np.linspace(0, 1, 12).astype("float32")
try:
    import tensorflow as tf
except ImportError:
    tf = None

if tf is not None:
    def make(*columns):
        return tf.data.Dataset.from_tensor_slices(columns).batch(4)
else:
    class Eager:
        """Stands for an eager tensor: shape, dtype, numpy()."""
        def __init__(self, a):
            self.a, self.shape, self.dtype = a, a.shape, a.dtype
        def numpy(self):
            return self.a
        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.a, dtype=dtype)

    class DatasetV2:
        """Stands for tf.data.Dataset: iterable again and again, sized."""
        __module__ = "tensorflow.python.data.ops.dataset_ops"
        def __init__(self, columns, times=1):
            self.columns, self.times = columns, times
        def __iter__(self):
            left = self.times
            while left:
                for k in range(0, 12, 4):
                    yield tuple(Eager(c[k:k + 4]) for c in self.columns)
                left -= 1
        def cardinality(self):
            return Eager(np.int64(3 * self.times if self.times > 0 else -1))
        def __len__(self):
            return 3 * self.times
        def repeat(self):
            return DatasetV2(self.columns, -1)

    def make(*columns):
        return DatasetV2(columns)

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
history = model.fit(make(x, y), epochs=2, validation_data=make(x, y), verbose=0)
assert len(history.history["val_loss"]) == 2
history = model.fit(make(x, y, w).repeat(), epochs=2, steps_per_epoch=5, verbose=0)
assert len(history.history["loss"]) == 2
p = model.predict(make(x), verbose=0)
assert np.allclose(p, model.predict(x, verbose=0), atol=1e-5)
assert abs(model.evaluate(make(x, y), verbose=0) - np.mean((p - y) ** 2)) < 1e-4
assert abs(model.evaluate(make(x, y, w), verbose=0) - np.mean(((p - y) ** 2)[:, 0] * w)) < 1e-4
