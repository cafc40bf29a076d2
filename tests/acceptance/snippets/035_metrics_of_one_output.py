# metrics={'output_a': 'accuracy'} measures that output only.
import numpy as np
import layerlab as keras

i = keras.layers.Input(shape=(3,))
model = keras.models.Model(i, [
    keras.layers.Dense(2, activation="softmax", name="output_a")(i),
    keras.layers.Dense(1, name="output_b")(i)])
model.compile("sgd", {"output_a": "categorical_crossentropy", "output_b": "mse"},
              metrics={"output_a": "accuracy"})
x = np.random.rand(8, 3).astype("float32")
y = {"output_a": np.eye(2)[np.arange(8) % 2], "output_b": np.random.rand(8, 1)}
model.fit(x, y, verbose=0)
values = model.evaluate(x, y, verbose=0)
assert len(values) == 4        # total loss, two partial losses, one accuracy
p = model.predict(x, verbose=0)[0]
assert abs(values[3] - np.mean(p.argmax(1) == np.arange(8) % 2)) < 1e-6, values
