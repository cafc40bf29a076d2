# ValueError when data and model do not fit together.
import numpy as np
import layerlab as keras

a = keras.layers.Input(shape=(2,), name="a")
b = keras.layers.Input(shape=(2,), name="b")
one = keras.models.Model(a, keras.layers.Dense(1)(a))
two = keras.models.Model([a, b], keras.layers.Dense(1)(keras.layers.concatenate([a, b])))
for m in (one, two):
    m.compile("sgd", "mse")
x, y = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")
for label, call in (
        ("features", lambda: one.fit(np.zeros((4, 3)), y, verbose=0)),
        ("lengths", lambda: one.fit(x, np.zeros((5, 1)), verbose=0)),
        ("inputs", lambda: two.fit([x], y, verbose=0)),
        ("predict", lambda: one.predict(np.zeros((4, 3)))),
        ("on_batch", lambda: two.predict_on_batch([x])),
        ("lists", lambda: one.evaluate(np.zeros((4, 5)), y, verbose=0))):
    try:
        call()
    except ValueError:
        continue
    raise AssertionError("no ValueError: " + label)
