# Sequential without an Input is built on first use.
import numpy as np
import layerlab as keras

model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
assert not model.built and model.weights == []
model.compile("sgd", "mse")
x, y = np.random.rand(8, 3).astype("float32"), np.random.rand(8, 2).astype("float32")
model.fit(x, y, verbose=0)
assert model.built and [tuple(w.shape) for w in model.weights] == [(3, 4), (4,), (4, 2), (2,)]
other = keras.Sequential([keras.layers.Dense(2)])
other.build((None, 10))
assert tuple(other.weights[0].shape) == (10, 2)
third = keras.Sequential()
third.add(keras.Input(shape=(3,)))
third.add(keras.layers.Dense(5))
assert tuple(third.output_shape) == (None, 5) and third.built
cut = keras.Model(third.inputs, third.layers[-1].output)
assert cut.predict(x, verbose=0).shape == (8, 5)
