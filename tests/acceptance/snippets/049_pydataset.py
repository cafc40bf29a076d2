# utils.PyDataset in fit, evaluate, predict and as validation data.
import numpy as np
import layerlab as keras

x = np.random.rand(10, 2).astype("float32")
y = np.random.rand(10, 1).astype("float32")

class Batches(keras.utils.PyDataset):
    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.asked = []
        self.epochs = 0
    def __len__(self):
        return -(-len(x) // self.size)
    def __getitem__(self, k):
        self.asked.append(k)
        s = slice(k * self.size, (k + 1) * self.size)
        return x[s], y[s]
    def on_epoch_end(self):
        self.epochs += 1

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
data = Batches(4)
history = model.fit(data, epochs=3, validation_data=Batches(5), verbose=0)
assert set(history.history) == {"loss", "val_loss"} and len(history.history["loss"]) == 3
assert set(data.asked) == {0, 1, 2} and data.epochs >= 2, (data.asked, data.epochs)
p = model.predict(Batches(4), verbose=0)
assert p.shape == (10, 1) and np.allclose(p, model.predict(x, verbose=0), atol=1e-5)
assert abs(model.evaluate(Batches(4), verbose=0) - np.mean((p - y) ** 2)) < 1e-4
threaded = Batches(4, workers=2, use_multiprocessing=False, max_queue_size=4)
assert np.allclose(model.predict(threaded, verbose=0), p, atol=1e-5)
for argument in (dict(y=y), dict(sample_weight=np.ones(10)), dict(validation_split=0.2)):
    try:
        model.fit(Batches(4), verbose=0, **argument)
    except ValueError:
        continue
    raise AssertionError("accepted with a PyDataset: %s" % list(argument))
