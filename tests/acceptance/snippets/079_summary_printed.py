# Summary prints to stdout; print_fn captures it.
import contextlib
import io
import layerlab as keras

i = keras.Input(shape=(3,), name="in_a")
h = keras.layers.Dense(4, name="first")(i)
model = keras.Model(i, keras.layers.Dense(2, name="second")(h), name="net")
out = io.StringIO()
with contextlib.redirect_stdout(out):
    assert model.summary() is None
captured = []
model.summary(print_fn=lambda line, **kw: captured.append(line))
for text in (out.getvalue(), "\n".join(captured)):
    for part in ("net", "in_a", "first", "second", "Dense", "16", "10", "26"):
        assert part in text, (part, text)
    assert "(None, 4)" in text
