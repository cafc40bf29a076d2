# compute_metrics overridden in a Sequential subclass.
import numpy as np
import layerlab as keras
from layerlab import ops

class Spread(keras.metrics.Metric):
    """Mean of |x| summed with |y - y_pred|: a metric that also wants x."""
    def __init__(self, name="spread", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, x, y, y_pred, sample_weight=None):
        self.total.assign(self.total + ops.mean(ops.abs(x)) + ops.mean(ops.abs(y - y_pred)))
        self.count.assign(self.count + 1.0)

    def result(self):
        return self.total / self.count

class MyModel(keras.Sequential):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.custom_metric = Spread()

    def compute_metrics(self, x, y, y_pred, sample_weight):
        results = super().compute_metrics(x, y, y_pred, sample_weight)
        assert "loss" in results and "mae" in results, sorted(results)
        self.custom_metric.update_state(x, y, y_pred, sample_weight)
        results["metric_name"] = self.custom_metric.result()
        return results

model = MyModel([keras.Input(shape=(3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
x = np.random.rand(8, 3).astype("float32")
y = np.random.rand(8, 1).astype("float32")

seen = []
class Watch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        seen.append(set(logs))

history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=[Watch()])
assert "metric_name" in history.history and len(history.history["metric_name"]) == 2
assert len(seen) == 4 and all({"loss", "mae", "metric_name"} <= s for s in seen), seen
scores = model.evaluate(x, y, verbose=0, return_dict=True)
p = model.predict(x, verbose=0)
assert np.allclose(scores["metric_name"], np.abs(x).mean() + np.abs(y - p).mean(), atol=1e-4)
