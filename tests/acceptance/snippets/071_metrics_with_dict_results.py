# get_metrics_result flattens metrics whose result is a dict.
import numpy as np
import layerlab as keras

class Range(keras.metrics.Metric):
    def __init__(self, name="range", **kwargs):
        super().__init__(name=name, **kwargs)
        self.low = self.add_weight(name="low", initializer="zeros")
        self.high = self.add_weight(name="high", initializer="zeros")
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.low.assign(keras.ops.min(y_pred))
        self.high.assign(keras.ops.max(y_pred))
    def result(self):
        return {"lowest": self.low * 1.0, "highest": self.high * 1.0}

class MyModel(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.spread = Range()
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.spread.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)

i = keras.Input(shape=(2,))
model = MyModel(i, keras.layers.Dense(1, activation="sigmoid")(i))
model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
x = np.random.rand(8, 2).astype("float32")
y = (x[:, :1] > 0.5).astype("float32")
model.evaluate(x, y, verbose=0)
result = {k: float(keras.ops.convert_to_numpy(v)) for k, v in model.get_metrics_result().items()}
assert set(result) == {"loss", "accuracy", "lowest", "highest"}, result
p = model.predict(x, verbose=0)
assert abs(result["lowest"] - p.min()) < 1e-4 and abs(result["highest"] - p.max()) < 1e-4
