# x and y as dicts keyed by input and output names.
import numpy as np
import layerlab as keras

a = keras.layers.Input(shape=(2,), name="a")
b = keras.layers.Input(shape=(2,), name="b")
h = keras.layers.concatenate([a, b])
model = keras.models.Model([a, b], [keras.layers.Dense(1, name="p")(h),
                                    keras.layers.Dense(1, name="q")(h)])
model.compile(optimizer="sgd", loss={"p": "mse", "q": "mae"})
x = {"b": np.random.rand(8, 2), "a": np.random.rand(8, 2)}
y = {"q": np.random.rand(8, 1), "p": np.random.rand(8, 1)}
out = model.predict([x["a"], x["b"]], verbose=0)
want = [np.mean((out[0] - y["p"]) ** 2), np.mean(np.abs(out[1] - y["q"]))]
got = model.evaluate(x, y, verbose=0)
assert np.allclose(got, [sum(want)] + want, atol=1e-4), (got, want)
assert np.allclose(model.test_on_batch(x, y), got, atol=1e-4)
assert np.allclose(model.train_on_batch(x, y), got, atol=1e-4)
history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y))
assert "val_p_loss" in history.history and "val_q_loss" in history.history
