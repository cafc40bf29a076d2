# 'accuracy' and 'acc' become binary, categorical or sparse accuracy.
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
    return got[name], model.predict(x)

for name in ("accuracy", "acc"):
    y = (classes % 2).astype("float32")[:, None]
    got, p = score(1, "sigmoid", "binary_crossentropy", y, name)
    assert abs(got - np.mean((p > 0.5) == (y > 0.5))) < 1e-6
    y = np.eye(4, dtype="float32")[classes]
    got, p = score(4, "softmax", "categorical_crossentropy", y, name)
    assert abs(got - np.mean(p.argmax(1) == classes)) < 1e-6
    got, p = score(4, "softmax", "sparse_categorical_crossentropy", classes, name)
    assert abs(got - np.mean(p.argmax(1) == classes)) < 1e-6
    got, p = score(4, "softmax", "sparse_categorical_crossentropy", classes[:, None], name)
    assert abs(got - np.mean(p.argmax(1) == classes)) < 1e-6
