# compiled_metrics, distribute_strategy, distribute_reduction_method.
import warnings
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(2)(i))
model.compile("sgd", "mse", metrics=["mae"])
assert hasattr(model.compiled_metrics, "update_state")
model.distribute_strategy                      # reading them is all that is promised
model.distribute_reduction_method
