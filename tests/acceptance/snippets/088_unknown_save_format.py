# save_weights refuses an unknown save_format.
import warnings
import layerlab as keras
warnings.simplefilter("ignore")

model = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])
for call in (lambda: model.save_weights("w.h5", save_format="no_such_format"),
             lambda: model.save_weights("w", save_format="zip")):
    try:
        call()
    except ValueError:
        continue
    raise AssertionError("unknown save_format accepted")
