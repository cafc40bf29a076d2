# Subclass that branches on `if training:` in call.
import numpy as np
import layerlab as keras

class Classifier(keras.Model):
    def __init__(self):
        super(Classifier, self).__init__()
        self.wide = keras.layers.Dense(6, activation="relu")
        self.drop = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(2, activation="softmax")

    def call(self, data, training=False):
        h = self.wide(data)
        if training:
            h = self.drop(h, training=training)
        return self.head(h)

net = Classifier()
net.compile("sgd", "categorical_crossentropy")
x = np.random.rand(16, 3).astype("float32")
y = np.eye(2, dtype="float32")[np.arange(16) % 2]
net.fit(x, y, epochs=2, batch_size=8, verbose=0)
a, b = net.predict(x), net.predict(x)
assert np.array_equal(a, b)
net.evaluate(x, y, verbose=0)
