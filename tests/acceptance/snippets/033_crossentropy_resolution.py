# 'crossentropy' and 'ce' are resolved the same way.
import numpy as np
import layerlab as keras

rng = np.random.RandomState(0)
x = rng.rand(12, 3).astype("float32")
classes = rng.randint(0, 4, (12,))

def score(units, activation, loss, y, name):
    i = keras.Input(shape=(3,))
    model = keras.Model(i, keras.layers.Dense(units, activation=activation)(i))
    model.compile("sgd", loss, metrics=[name])
    got = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(got) == {"loss", name}, got
    return got[name], got["loss"]

for name in ("crossentropy", "ce"):
    y = (classes % 2).astype("float32")[:, None]
    got, loss = score(1, "sigmoid", "binary_crossentropy", y, name)
    assert abs(got - loss) < 1e-4
    got, loss = score(4, "softmax", "categorical_crossentropy",
                      np.eye(4, dtype="float32")[classes], name)
    assert abs(got - loss) < 1e-4
    got, loss = score(4, "softmax", "sparse_categorical_crossentropy", classes, name)
    assert abs(got - loss) < 1e-4
