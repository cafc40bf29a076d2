# verbose='auto' and History.history with validation.
import contextlib
import io
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse", metrics=["mae"])
x, y = np.random.rand(8, 2).astype("float32"), np.random.rand(8, 1).astype("float32")
out = io.StringIO()
with contextlib.redirect_stdout(out):
    history = model.fit(x, y, epochs=2, validation_data=(x, y))
    model.evaluate(x, y)
    model.predict(x)
assert "Epoch 1/2" in out.getvalue()
assert set(history.history) == {"loss", "mae", "val_loss", "val_mae"}
assert all(len(v) == 2 and all(isinstance(float(f), float) for f in v)
           for v in history.history.values())
assert isinstance(history, keras.callbacks.History) and history.model is model
final = model.evaluate(x, y, verbose=0, return_dict=True)
assert abs(history.history["val_loss"][-1] - final["loss"]) < 1e-5
