# Functional model from Input and chained layer calls.
import numpy as np
import layerlab as keras

features = keras.Input(shape=(9,))
hidden = keras.layers.Dense(6, activation="relu")(features)
scores = keras.layers.Dense(4, activation="softmax")(hidden)
net = keras.Model(inputs=features, outputs=scores)

x = np.random.rand(5, 9).astype("float32")
p = net.predict(x, verbose=0)
assert isinstance(p, np.ndarray) and p.shape == (5, 4)
assert np.allclose(p.sum(axis=1), 1.0, atol=1e-5)
direct = keras.ops.convert_to_numpy(net(x))
assert np.allclose(direct, p, atol=1e-5)
assert [tuple(w.shape) for w in net.weights] == [(9, 6), (6,), (6, 4), (4,)]
assert tuple(net.output_shape) == (None, 4)
assert isinstance(net, keras.layers.Layer)
positional = keras.Model(features, scores)
assert np.allclose(positional.predict(x, verbose=0), p, atol=1e-6)
