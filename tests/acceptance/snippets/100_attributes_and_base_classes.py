# input, output, jit_compile, symbolic_call and the base classes.
import layerlab as keras

i = keras.Input(shape=(3,))
o = keras.layers.Dense(2)(i)
model = keras.Model(i, o)
model.compile("sgd", "mse", metrics=["mae"])
assert tuple(model.input.shape) == (None, 3) and tuple(model.output.shape) == (None, 2)
assert model.jit_compile in (True, False) and model.run_eagerly is False
assert isinstance(model, keras.layers.Layer) and isinstance(model, keras.Operation)
out = model.symbolic_call(keras.KerasTensor((5, 3)))
assert isinstance(out, keras.KerasTensor) and out.shape == (5, 2)
layer = keras.layers.Dense(4)
once = layer(i)
again = layer(keras.Input(shape=(3,)))
assert layer.input is i and layer.output is once      # those of the first call
