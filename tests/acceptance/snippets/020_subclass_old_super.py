# Subclass written with super(MyModel, self).__init__().
import numpy as np
import layerlab as keras

class Classifier(keras.Model):
    def __init__(self):
        super(Classifier, self).__init__()
        self.wide = keras.layers.Dense(6, activation=keras.activations.relu)
        self.head = keras.layers.Dense(2, activation=keras.activations.softmax)

    def call(self, data):
        return self.head(self.wide(data))

net = Classifier()
net.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
x = np.random.rand(8, 3).astype("float32")
y = np.eye(2, dtype="float32")[np.arange(8) % 2]
history = net.fit(x, y, epochs=2, verbose=0)
assert set(history.history) == {"loss", "accuracy"}
assert net.predict(x).shape == (8, 2)
assert net.wide.kernel.shape[0] == 3
