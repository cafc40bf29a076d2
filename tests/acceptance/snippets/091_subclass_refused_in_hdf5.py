# A subclassed model cannot be saved to HDF5.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

class MyModel(keras.Model):
    def __init__(self):
        super(MyModel, self).__init__()
        self.dense = keras.layers.Dense(2)
    def call(self, inputs):
        return self.dense(inputs)

model = MyModel()
model.predict(np.zeros((2, 3), "float32"))
try:
    model.save("m.h5")
except (NotImplementedError, ValueError):
    pass
else:
    raise AssertionError("a subclassed model was saved to HDF5")
