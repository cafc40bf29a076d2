# compute_loss, reset_metrics and metrics overridden.
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
net = Tracked(start, layers.Dense(3, kernel_regularizer="l2")(start))
net.compile(SGD(learning_rate=0.05), loss="mse", steps_per_execution=10)

rng = np.random.RandomState(0)
batches = [(rng.rand(4, 6).astype("float32"), rng.rand(4, 3).astype("float32"))
           for _ in range(20)]

def endless():
    while True:
        for batch in batches:
            yield batch

history = net.fit(endless(), epochs=2, steps_per_epoch=10, verbose=0)
assert list(history.history) == ["loss"], history.history
assert len(history.history["loss"]) == 2
assert history.history["loss"][1] < history.history["loss"][0]
tracked = float(keras.ops.convert_to_numpy(net.running.result()))
assert abs(tracked - history.history["loss"][1]) < 1e-4
