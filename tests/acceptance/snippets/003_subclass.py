# Subclass with layers in __init__ and a forward pass in call.
import numpy as np
import layerlab as keras

class Classifier(keras.Model):
    def __init__(self):
        super().__init__()
        self.wide = keras.layers.Dense(8, activation="relu")
        self.head = keras.layers.Dense(3, activation="softmax")

    def call(self, data):
        return self.head(self.wide(data))

net = Classifier()
assert net.layers == [net.wide, net.head]
net.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
x = np.random.rand(16, 7).astype("float32")
y = np.random.randint(0, 3, (16,))
history = net.fit(x, y, epochs=2, verbose=0)
assert len(history.history["loss"]) == 2
p = net.predict(x, verbose=0)
assert p.shape == (16, 3) and np.allclose(p.sum(axis=1), 1, atol=1e-5)
assert len(net.trainable_weights) == 4
