# model(x), model(x, training=False) and predict agree with BatchNormalization.
import numpy as np
import layerlab as keras

to_np = lambda t: keras.ops.convert_to_numpy(t) if hasattr(keras, "ops") else t.numpy()
i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.BatchNormalization()(i))
model.compile("sgd", "mse")
x = (5 + 3 * np.random.rand(32, 3)).astype("float32")
model.fit(x, x, epochs=3, verbose=0)
p = model.predict(x)
assert np.allclose(to_np(model(x, training=False)), p, atol=1e-4)
assert np.allclose(to_np(model(x)), p, atol=1e-4)
trained = to_np(model(x, training=True))
assert not np.allclose(trained, p, atol=1e-2)
assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 2
