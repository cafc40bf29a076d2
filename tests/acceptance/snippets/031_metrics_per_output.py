# Per-output metrics: dict, list of lists, mixed list.
import numpy as np
import layerlab as keras

def build():
    i = keras.Input(shape=(3,))
    return keras.Model(i, [keras.layers.Dense(2, activation="softmax", name="a")(i),
                           keras.layers.Dense(2, activation="softmax", name="b")(i)])

x = np.random.rand(8, 3).astype("float32")
y = np.eye(2, dtype="float32")[np.arange(8) % 2]
wanted = {"loss", "a_loss", "b_loss", "a_accuracy", "b_accuracy", "b_mse"}
for form in ({"a": "accuracy", "b": ["accuracy", "mse"]},
             [["accuracy"], ["accuracy", "mse"]],
             ["accuracy", ["accuracy", "mse"]]):
    model = build()
    model.compile("sgd", "categorical_crossentropy", metrics=form)
    history = model.fit(x, [y, y], verbose=0)
    assert set(history.history) == wanted, (form, history.history)
    scores = model.evaluate(x, [y, y], verbose=0, return_dict=True)
    pa, pb = model.predict(x)
    assert abs(scores["b_mse"] - np.mean((pb - y) ** 2)) < 1e-4
    assert abs(scores["a_accuracy"] - np.mean(pa.argmax(1) == y.argmax(1))) < 1e-6
