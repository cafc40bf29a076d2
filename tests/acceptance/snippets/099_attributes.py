# distribute_strategy, state_updates and other attributes can be read.
import warnings
import layerlab as keras
warnings.simplefilter("ignore")

i = keras.Input(shape=(3,))
model = keras.Model(i, keras.layers.Dense(2)(i))
model.compile("sgd", "mse")
model.distribute_strategy                      # None or a strategy
assert list(model.state_updates) == []
assert isinstance(model.layers, list)
assert isinstance(model.metrics_names, list)
i = keras.Input(batch_shape=(1, 2, 1))
stateful = keras.Model(i, keras.layers.LSTM(2, stateful=True)(i))
assert isinstance(stateful.state_updates, list)
