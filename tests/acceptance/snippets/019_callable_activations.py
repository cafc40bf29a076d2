# Functional model with callables as activations.
import numpy as np
import layerlab as keras

ramp, share = keras.activations.relu, keras.activations.softmax
start = keras.Input(shape=(3,))
middle = keras.layers.Dense(6, activation=ramp)(start)
net = keras.Model(inputs=start, outputs=keras.layers.Dense(2, activation=share)(middle))

data = np.random.rand(7, 3).astype("float32")
p = net.predict(data)
assert p.shape == (7, 2) and np.allclose(p.sum(axis=-1), 1, atol=1e-5)
assert len(net.layers) == 3
w = net.get_weights()
assert [v.shape for v in w] == [(3, 6), (6,), (6, 2), (2,)]
h = np.maximum(data @ w[0] + w[1], 0) @ w[2] + w[3]
e = np.exp(h - h.max(-1, keepdims=True))
assert np.allclose(p, e / e.sum(-1, keepdims=True), atol=1e-4)
