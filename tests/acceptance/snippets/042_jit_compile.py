# jit_compile accepts True, False and 'auto'.
import numpy as np
import layerlab as keras

x = np.random.RandomState(0).rand(8, 2).astype("float32")
y = np.random.RandomState(1).rand(8, 1).astype("float32")
results = []
for flag in (False, "auto", True):
    i = keras.Input(shape=(2,))
    model = keras.Model(i, keras.layers.Dense(1, kernel_initializer="ones")(i))
    model.compile("sgd", "mse", jit_compile=flag)
    assert model.jit_compile in (True, False)
    if flag is False:
        assert model.jit_compile is False
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    results.append(model.predict(x, verbose=0))
assert np.allclose(results[0], results[1], atol=1e-5)
assert np.allclose(results[0], results[2], atol=1e-5)
