# ValueError for bad optimizer, loss, metrics, sample_weight_mode.
import warnings
import numpy as np
import layerlab as keras
warnings.simplefilter("ignore")

def attempt(**kwargs):
    i = keras.layers.Input(shape=(2,))
    model = keras.models.Model(i, keras.layers.Dense(1)(i))
    arguments = dict(optimizer="sgd", loss="mse")
    arguments.update(kwargs)
    model.compile(**arguments)
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)

for bad in (dict(optimizer="no_such_optimizer"), dict(loss="no_such_loss"),
            dict(metrics=["no_such_metric"]), dict(sample_weight_mode=["temporal", None]),
            dict(sample_weight_mode={"no_such_output": "temporal"})):
    try:
        attempt(**bad)
    except ValueError:
        continue
    raise AssertionError("no ValueError for %r" % (bad,))
attempt()
