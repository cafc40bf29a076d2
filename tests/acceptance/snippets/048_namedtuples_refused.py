# Namedtuples from an iterator are refused with ValueError.
import collections
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
example_tuple = collections.namedtuple("example_tuple", ["y", "x"])
other_tuple = collections.namedtuple("other_tuple", ["x", "y", "z"])

def repeat(item):
    while True:
        yield item

x, y = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")
for item in (example_tuple(y=y, x=x), other_tuple(x=x, y=y, z=np.ones((4,), "float32"))):
    for run in (lambda: model.fit(repeat(item), steps_per_epoch=1, verbose=0),
                lambda: model.evaluate(repeat(item), steps=1, verbose=0)):
        try:
            run()
        except ValueError as e:
            assert "tuple" in str(e)
        else:
            raise AssertionError("namedtuple accepted: %r" % (type(item),))
model.fit(repeat(tuple(example_tuple(y=x, x=y))), steps_per_epoch=1, verbose=0)
