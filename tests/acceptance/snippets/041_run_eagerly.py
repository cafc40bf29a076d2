# run_eagerly: in compile and as a settable attribute.
import numpy as np
import layerlab as keras

class Counted(keras.Model):
    def __init__(self):
        super(Counted, self).__init__()
        self.dense = keras.layers.Dense(1)
        self.runs = 0
    def call(self, inputs):
        self.runs += 1
        return self.dense(inputs)

x = np.random.rand(20, 2).astype("float32")
y = np.random.rand(20, 1).astype("float32")
model = Counted()
model.compile("sgd", "mse", run_eagerly=True)
assert model.run_eagerly is True
model.fit(x, y, batch_size=2, verbose=0)
first = model.runs
assert first >= 10, first          # every batch ran as Python
model.fit(x, y, batch_size=2, verbose=0)
assert model.runs - first >= 10

other = Counted()
other.compile("sgd", "mse")
assert not other.run_eagerly
other.run_eagerly = True
assert other.run_eagerly
other.fit(x, y, batch_size=2, verbose=0)
assert other.runs >= 10
