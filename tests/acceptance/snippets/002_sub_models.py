# Sub-models cut out at intermediate tensors share their layers.
import numpy as np
import layerlab as keras

image = keras.Input(shape=(None, None, 3))
crop = keras.layers.RandomCrop(width=12, height=10)(image)
maps = keras.layers.Conv2D(filters=4, kernel_size=3)(crop)
vector = keras.layers.GlobalAveragePooling2D()(maps)
answer = keras.layers.Dense(2)(vector)

whole = keras.Model(image, answer)
lower = keras.Model(crop, maps)
upper = keras.Model(maps, answer)

convs = [l for l in whole.layers if isinstance(l, keras.layers.Conv2D)]
assert len(convs) == 1 and convs[0] in lower.layers
assert [id(w) for w in lower.weights] == [id(w) for w in convs[0].weights]
assert len(upper.weights) == 2 and len(whole.weights) == 4

x = np.random.rand(6, 10, 12, 3).astype("float32")
before = lower.predict(x, verbose=0)
assert before.shape == (6, 8, 10, 4)
assert np.allclose(upper.predict(before, verbose=0), whole.predict(x, verbose=0), atol=1e-4)

whole.compile(optimizer="sgd", loss="mse")
whole.fit(x, np.ones((6, 2), "float32"), verbose=0)
after = lower.predict(x, verbose=0)
assert not np.allclose(before, after)
assert np.allclose(upper.predict(after, verbose=0), whole.predict(x, verbose=0), atol=1e-4)
upper.compile(optimizer="sgd", loss="mse")
upper.fit(after, np.zeros((6, 2), "float32"), verbose=0)
