# get_layer by name, by index, index first, ValueError otherwise.
import layerlab as keras

i = keras.layers.Input(shape=(3,), name="in_a")
h = keras.layers.Dense(4, name="first")(i)
model = keras.models.Model(i, keras.layers.Dense(2, name="second")(h))
assert model.get_layer("first") is model.layers[1]
assert model.get_layer(name="second") is model.layers[2]
assert model.get_layer(index=0).name == "in_a"
assert model.get_layer(name="first", index=2).name == "second"
assert model.get_layer("first", 2).name == "second"
assert model.get_layer(index=-1).name == "second"
for bad in (dict(name="absent"), dict(index=9), dict()):
    try:
        model.get_layer(**bad)
    except ValueError:
        continue
    raise AssertionError("no ValueError for %r" % (bad,))
