# The same with add_loss of a symbolic tensor on the finished model.
import numpy as np
import layerlab as keras
from layerlab import layers, metrics, ops
from layerlab.optimizers import SGD

class Tracked(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.running = metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.running]

    def reset_metrics(self):
        self.running.reset_state()

    def compute_loss(self, x, y, y_pred, sample_weight):
        error = ops.mean(ops.square(y - y_pred)) + ops.sum(self.losses)
        self.running.update_state(error)
        return error


start = layers.Input(shape=(6,), name="start")
finish = layers.Dense(3)(start)
net = Tracked(start, finish)
net.add_loss(ops.sum(finish))
net.compile(SGD(learning_rate=0.0), loss="mse", steps_per_execution=10)

rng = np.random.RandomState(0)
x = rng.rand(40, 6).astype("float32")
y = rng.rand(40, 3).astype("float32")
batches = [(x[i:i + 4], y[i:i + 4]) for i in range(0, 40, 4)]

def endless():
    while True:
        for batch in batches:
            yield batch

history = net.fit(endless(), epochs=2, steps_per_epoch=10, verbose=0)
wanted = []
for bx, by in batches:
    p = net.predict(bx, verbose=0)
    wanted.append(np.mean((p - by) ** 2) + p.sum())
assert np.allclose(history.history["loss"], np.mean(wanted), rtol=1e-3), (history.history, np.mean(wanted))
