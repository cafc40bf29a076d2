# auto_scale_loss wraps the optimizer of a mixed_float16 model.
import numpy as np
import layerlab as keras

class Half(keras.Model):
    def __init__(self):
        super().__init__(dtype="mixed_float16")
        self.dense = keras.layers.Dense(1, dtype="mixed_float16")
    def call(self, inputs):
        return self.dense(inputs)

wrapper = keras.optimizers.LossScaleOptimizer
model = Half()
model.compile("sgd", "mse")
assert isinstance(model.optimizer, wrapper), model.optimizer
x = np.random.rand(8, 2).astype("float32")
y = np.random.rand(8, 1).astype("float32")
assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
assert "float16" in str(model.predict(x, verbose=0).dtype)
model = Half()
model.compile("sgd", "mse", auto_scale_loss=False)
assert not isinstance(model.optimizer, wrapper)
i = keras.Input(shape=(2,))
plain = keras.Model(i, keras.layers.Dense(1)(i))
plain.compile("sgd", "mse")
assert not isinstance(plain.optimizer, wrapper)
