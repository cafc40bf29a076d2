# ValueError when a generator yields something invalid.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.layers.Input(shape=(2,))
model = keras.models.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")
x, y, w = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"), np.ones((4,), "float32")

def repeat(item):
    while True:
        yield item

def run(item):
    if hasattr(model, "fit_generator"):
        model.fit_generator(repeat(item), steps_per_epoch=1, verbose=0)
    else:
        model.fit(repeat(item), steps_per_epoch=1, verbose=0)

for item in ((x, y, w, w), (np.zeros((4, 7), "float32"), y)):
    try:
        run(item)
    except ValueError:
        continue
    raise AssertionError("accepted: %s" % [v.shape for v in item])
run((x, y, w))
