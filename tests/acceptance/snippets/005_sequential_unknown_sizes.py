# Sequential starting from an Input of unknown height and width.
import numpy as np
import layerlab as keras

stack = keras.Sequential([
    keras.Input(shape=(None, None, 2)),
    keras.layers.Conv2D(5, kernel_size=3),
])
assert isinstance(stack, keras.Model)
assert tuple(stack.output_shape) == (None, None, None, 5)
assert len(stack.layers) == 1
assert stack.predict(np.zeros((2, 8, 9, 2), "float32"), verbose=0).shape == (2, 6, 7, 5)
assert stack.predict(np.zeros((1, 5, 5, 2), "float32"), verbose=0).shape == (1, 3, 3, 5)
