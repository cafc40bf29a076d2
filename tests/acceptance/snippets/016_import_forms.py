# The imports of old scripts: from X.models import Model, from X.layers import Input, Dense.
import numpy as np
from layerlab.layers import Dense, Input
from layerlab.models import Model

start = Input(shape=(6,))
finish = Dense(3)(start)
net = Model(inputs=start, outputs=finish)

assert len(net.layers) == 2
assert isinstance(net.layers[1], Dense)
assert len(net.inputs) == 1 and len(net.outputs) == 1
assert tuple(net.outputs[0].shape)[-1] == 3
assert net.predict(np.zeros((4, 6), "float32"), batch_size=32, verbose=0).shape == (4, 3)
