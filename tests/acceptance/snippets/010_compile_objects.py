# compile with optimizer, loss and metric objects.
import numpy as np
import layerlab as keras

inputs = keras.Input(shape=(4,))
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs))
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.BinaryCrossentropy(),
    metrics=[
        keras.metrics.BinaryAccuracy(),
        keras.metrics.FalseNegatives(),
    ],
)
assert isinstance(model.optimizer, keras.optimizers.Adam)
x = np.random.RandomState(0).rand(20, 4).astype("float32")
y = (x[:, :1] > 0.5).astype("float32")
history = model.fit(x, y, epochs=3, verbose=0).history
assert set(history) == {"loss", "binary_accuracy", "false_negatives"}, history
scores = model.evaluate(x, y, verbose=0)
p = model.predict(x, verbose=0)
bce = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
assert np.allclose(scores, [bce, np.mean((p > 0.5) == (y > 0.5)),
                            np.sum((p <= 0.5) & (y > 0.5))], atol=1e-3), scores
