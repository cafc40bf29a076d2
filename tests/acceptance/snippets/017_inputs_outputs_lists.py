# Lists of inputs and outputs, one output named twice.
import numpy as np
import layerlab as keras
from layerlab.layers import Dense, Input
from layerlab.models import Model

left, right = Input(shape=(4,)), Input(shape=(4,))
one = Dense(2)(left)
both = Dense(3)(keras.layers.concatenate([left, right]))
net = Model(inputs=[left, right], outputs=[one, both, both])

x = [np.random.rand(6, 4).astype("float32"), np.random.rand(6, 4).astype("float32")]
out = net.predict(x, verbose=0)
assert len(out) == 3 and [o.shape for o in out] == [(6, 2), (6, 3), (6, 3)]
assert np.allclose(out[1], out[2])
assert len(net.inputs) == 2 and len(net.outputs) == 3
# layers: two inputs, two dense, one concatenate; the doubled output adds none
assert len(net.layers) == 5
net.compile("sgd", "mse")
y = [np.ones((6, 2)), np.zeros((6, 3)), np.full((6, 3), 2.0)]
total = net.evaluate(x, y, verbose=0)[0]
assert abs(total - sum(np.mean((o - t) ** 2) for o, t in zip(out, y))) < 1e-4
net.fit(x, y, verbose=0)
