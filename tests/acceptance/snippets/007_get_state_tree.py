# get_state_tree: the printed nested dictionary.
import numpy as np
import layerlab as keras

net = keras.Sequential([keras.Input((1,), name="start"),
                        keras.layers.Dense(1, "sigmoid", name="unit")], name="net")
net.compile(optimizer="adam", loss="mse", metrics=["mae"])
net.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0)
tree = net.get_state_tree()

def keys(node):
    return {k: keys(v) for k, v in node.items()} if isinstance(node, dict) else 0

mean = {"count": 0, "total": 0}
slots = {"net_unit_%s_%s" % (w, s): 0 for w in ("bias", "kernel") for s in ("momentum", "velocity")}
assert keys(tree) == {
    "trainable_variables": {"net": {"unit": {"kernel": 0, "bias": 0}}},
    "non_trainable_variables": {},
    "optimizer_variables": {"adam": dict(slots, iteration=0, learning_rate=0)},
    "metrics_variables": {"loss": mean, "mean_absolute_error": mean},
}, keys(tree)
host = net.get_state_tree(value_format="numpy_array")
assert keys(host) == keys(tree)
kernel = host["trainable_variables"]["net"]["unit"]["kernel"]
assert isinstance(kernel, np.ndarray) and kernel.shape == (1, 1)
assert np.allclose(kernel, net.get_weights()[0])
assert int(host["optimizer_variables"]["adam"]["iteration"]) == 1
assert abs(float(host["optimizer_variables"]["adam"]["learning_rate"]) - 1e-3) < 1e-8
assert net.get_state_tree("backend_tensor").keys() == tree.keys()
