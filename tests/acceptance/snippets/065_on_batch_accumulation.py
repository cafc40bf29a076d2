# reset_metrics=False lets *_on_batch accumulate.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(1,))
model = keras.Model(i, keras.layers.Dense(1, kernel_initializer="zeros")(i))
model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])
x = np.zeros((4, 1), "float32")
one, three = np.full((4, 1), 1.0, "float32"), np.full((4, 1), 3.0, "float32")
for call in (model.test_on_batch, model.train_on_batch):
    assert np.allclose(call(x, one, reset_metrics=True), [1, 1])
    assert np.allclose(call(x, three, reset_metrics=True), [9, 3])
    assert np.allclose(call(x, one), [1, 1])
    model.reset_metrics()
    assert np.allclose(call(x, one, reset_metrics=False), [1, 1])
    assert np.allclose(call(x, three, reset_metrics=False), [5, 2])
    model.reset_metrics()
