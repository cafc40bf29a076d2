# Subclass whose call takes training=False.
import numpy as np
import layerlab as keras

class Classifier(keras.Model):
    def __init__(self):
        super().__init__()
        self.wide = keras.layers.Dense(16, activation="relu")
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(3, activation="softmax")
        self.flags = set()

    def call(self, data, training=False):
        self.flags.add(bool(training))
        return self.head(self.drop(self.wide(data), training=training))

net = Classifier()
to_np = keras.ops.convert_to_numpy
x = np.random.rand(8, 6).astype("float32")
quiet = to_np(net(x))
assert np.allclose(quiet, to_np(net(x, training=False)))
assert np.allclose(quiet, net.predict(x, verbose=0), atol=1e-5)
assert not np.allclose(quiet, to_np(net(x, training=True)))

net.compile(optimizer="sgd", loss="mse", run_eagerly=True)
y = np.random.rand(8, 3).astype("float32")
net.flags.clear()
net.evaluate(x, y, verbose=0)
net.predict(x, verbose=0)
assert net.flags == {False}, net.flags
net.fit(x, y, verbose=0)
assert True in net.flags, net.flags
