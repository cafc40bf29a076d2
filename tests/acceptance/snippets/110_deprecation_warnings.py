# The deprecated methods say so with a DeprecationWarning.
import warnings
import numpy as np
import layerlab as keras

i = keras.Input(shape=(2,))
model = keras.Model(i, keras.layers.Dense(1)(i))
model.compile("sgd", "mse")

def batches():
    while True:
        yield np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")

for call in (lambda: model.fit_generator(batches(), steps_per_epoch=2, verbose=0),
             lambda: model.evaluate_generator(batches(), steps=2),
             lambda: model.predict_generator(batches(), steps=2)):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert any(issubclass(w.category, DeprecationWarning) for w in caught), \
        [str(w.message) for w in caught]
