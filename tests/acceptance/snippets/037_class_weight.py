# class_weight weights the loss while training only.
import numpy as np
import layerlab as keras

i = keras.layers.Input(shape=(3,))
model = keras.models.Model(i, keras.layers.Dense(3, activation="softmax")(i))
x = np.random.rand(6, 3).astype("float32")
classes = np.array([0, 1, 2, 2, 1, 0])
weights = {0: 0.5, 1: 1.0, 2: 3.0}
p = model.predict(x, verbose=0)
each = -np.log(p[np.arange(6), classes])
factor = np.array([weights[c] for c in classes])

# labels with an explicit last dimension of 1
start = model.get_weights()
model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
got = model.fit(x, classes[:, None], class_weight=weights, batch_size=6, verbose=0).history
assert abs(got["loss"][0] - np.mean(each * factor)) < 1e-4
# one-hot labels
model.set_weights(start)
model.compile(optimizer="sgd", loss="categorical_crossentropy")
got = model.train_on_batch(x, np.eye(3, dtype="float32")[classes], class_weight=weights)
assert abs(got - np.mean(each * factor)) < 1e-4
