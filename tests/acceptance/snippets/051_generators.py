# Generators straight into fit, evaluate, predict.
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x = np.random.rand(12, 2).astype("float32")
y = np.random.rand(12, 1).astype("float32")

def endless():
    while True:
        for k in range(0, 12, 4):
            yield x[k:k + 4], y[k:k + 4]

def finite():
    for k in range(0, 12, 4):
        yield x[k:k + 4], y[k:k + 4]

ends = []
class Ends(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        ends.append(batch)

history = model.fit(endless(), steps_per_epoch=3, epochs=2, verbose=0, callbacks=[Ends()])
assert len(history.history["loss"]) == 2 and len(ends) == 6
history = model.fit(finite(), epochs=1, verbose=0)
assert len(history.history["loss"]) == 1
p = model.predict(finite())
assert p.shape == (12, 1) and np.allclose(p, model.predict(x), atol=1e-5)
assert abs(model.evaluate(finite(), verbose=0) - np.mean((p - y) ** 2)) < 1e-4
assert model.predict(endless(), steps=5).shape == (20, 1)
try:
    model.fit(endless(), y, steps_per_epoch=1, verbose=0)
except ValueError:
    pass
else:
    raise AssertionError("y accepted beside a generator")
