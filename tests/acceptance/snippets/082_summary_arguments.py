# Summary: line_length, positions, expand_nested, show_trainable, layer_range.
import layerlab as keras

inner_in = keras.Input(shape=(4,))
inner = keras.Model(inner_in, keras.layers.Dense(3, name="buried")(inner_in), name="inner")
i = keras.Input(shape=(4,), name="start")
h = keras.layers.Dense(4, name="block_one")(i)
h = keras.layers.Dense(4, name="block_two")(h)
h = inner(h)
model = keras.Model(i, keras.layers.Dense(1, name="finish")(h), name="outer")
model.get_layer("block_one").trainable = False

def text(**how):
    lines = []
    model.summary(print_fn=lambda line, **kw: lines.append(line), **how)
    return "\n".join(lines)

base = text()
assert "inner" in base and "buried" not in base
assert "buried" in text(expand_nested=True)
assert text(show_trainable=True) != base and "rainable" in text(show_trainable=True)
widths = [max(len(l) for l in text(line_length=n).splitlines()) for n in (70, 110)]
assert widths[0] <= 70 < widths[1] <= 110, widths
for positions in ([0.3, 0.6, 0.70, 1.0], [30, 60, 80, 100]):
    assert "block_one" in text(positions=positions, line_length=100)
part = text(layer_range=("block_one", "block_two"))
assert "block_one" in part and "block_two" in part
assert "finish" not in part and "start" not in part
part = text(layer_range=["block_.*", "inn.*"])
assert "block_one" in part and "inner" in part and "finish" not in part
