# verbose 0, 1, 2; History and the progress bar come by themselves.
import contextlib
import io
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse", metrics=["mae"])
x, y = np.random.rand(40, 2).astype("float32"), np.random.rand(40, 1).astype("float32")

def shown(verbose):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        history = model.fit(x, y, batch_size=8, epochs=2, verbose=verbose)
    assert isinstance(history, keras.callbacks.History)
    return out.getvalue()

assert shown(0).strip() == ""
bar = shown(1)
assert "Epoch 1/2" in bar and "5/5" in bar and "loss" in bar and "mae" in bar
lines = shown(2)
assert "Epoch 2/2" in lines and "5/5" in lines and "loss" in lines
assert len(lines) <= len(bar) and "\b" not in lines
