# overwrite=False asks before replacing a file.
import builtins
import numpy as np
import layerlab as keras

model = keras.Sequential([keras.Input(shape=(3,)), keras.layers.Dense(2)])
model.save("m.keras")
model.save_weights("m.weights.h5")
old = [open(p, "rb").read() for p in ("m.keras", "m.weights.h5")]
model.set_weights([w + 1 for w in model.get_weights()])
asked = []
def answer(reply):
    def fake(prompt=""):
        asked.append(prompt)
        return reply
    return fake
real = builtins.input
try:
    builtins.input = answer("n")
    model.save("m.keras", overwrite=False)
    model.save_weights("m.weights.h5", overwrite=False)
    assert len(asked) == 2, asked
    assert [open(p, "rb").read() for p in ("m.keras", "m.weights.h5")] == old
    builtins.input = answer("y")
    model.save("m.keras", overwrite=False)
    model.save_weights("m.weights.h5", overwrite=False)
    assert len(asked) == 4
finally:
    builtins.input = real
assert np.allclose(keras.saving.load_model("m.keras").get_weights()[1], model.get_weights()[1])
assert open("m.weights.h5", "rb").read() != old[1]
