# set_state_tree puts values back.
import numpy as np
import layerlab as keras

net = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(3, name="unit")], name="net")
net.compile("adam", "mse", metrics=["mae"])
x, y = np.random.rand(4, 2).astype("float32"), np.random.rand(4, 3).astype("float32")
net.fit(x, y, verbose=0)
saved = net.get_state_tree(value_format="numpy_array")
weights, p = net.get_weights(), net.predict(x, verbose=0)
a = net.fit(x, y, epochs=3, shuffle=False, verbose=0).history["loss"]
assert not np.allclose(net.predict(x, verbose=0), p)
net.set_state_tree(saved)
assert all(np.array_equal(u, v) for u, v in zip(net.get_weights(), weights))
assert np.allclose(net.predict(x, verbose=0), p)
b = net.fit(x, y, epochs=3, shuffle=False, verbose=0).history["loss"]
assert np.allclose(a, b, atol=1e-6)        # the optimizer's state came back too
net.set_state_tree({"trainable_variables": {"net": {"unit": {
    "kernel": np.zeros((2, 3), "float32"), "bias": np.ones((3,), "float32")}}}})
assert np.allclose(net.predict(x, verbose=0), 1.0)
