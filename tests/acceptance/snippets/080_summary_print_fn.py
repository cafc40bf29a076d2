# print_fn is called on each line of the summary.
import layerlab as keras

i = keras.Input(shape=(3,), name="in_a")
h = keras.layers.Dense(4, name="first")(i)
model = keras.Model(i, keras.layers.Dense(2, name="second")(h), name="net")
lines = []
model.summary(print_fn=lines.append)
assert len(lines) >= 6, lines
assert all("\n" not in line.rstrip("\n") for line in lines), lines
rows = [k for k, line in enumerate(lines) if "Dense" in line]
assert len(rows) == 2
