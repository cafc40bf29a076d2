# One loss per output, and loss_weights, as list and as dict.
import numpy as np
import layerlab as keras

i = keras.layers.Input(shape=(3,))
model = keras.models.Model(i, [keras.layers.Dense(2, name="a")(i),
                               keras.layers.Dense(2, name="b")(i)])
x = np.random.rand(8, 3).astype("float32")
ya = np.random.rand(8, 2).astype("float32")
yb = np.random.rand(8, 2).astype("float32")
pa, pb = model.predict(x, verbose=0)
mse, mae = np.mean((pa - ya) ** 2), np.mean(np.abs(pb - yb))

for loss, weights, total in (
        (["mse", "mae"], None, mse + mae),
        ({"a": "mse", "b": "mae"}, None, mse + mae),
        (["mse", "mae"], [0.25, 4.0], 0.25 * mse + 4.0 * mae),
        ({"a": "mse", "b": "mae"}, {"b": 4.0, "a": 0.25}, 0.25 * mse + 4.0 * mae),
        ("mse", [1.0, 0.5], mse + 0.5 * np.mean((pb - yb) ** 2))):
    model.compile(optimizer="sgd", loss=loss, loss_weights=weights)
    got = model.evaluate(x, [ya, yb], verbose=0)
    assert len(got) == 3 and abs(got[0] - total) < 1e-4, (loss, weights, got, total)
    assert abs(got[1] - mse) < 1e-4      # the parts are reported unweighted
