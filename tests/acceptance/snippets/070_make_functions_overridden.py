# Overridden make_*_function methods are the ones that get called.
import numpy as np
import layerlab as keras

class Counted(keras.Model):
    made = ()
    def make_train_function(self, *args, **kwargs):
        self.made += ("train",)
        return super().make_train_function(*args, **kwargs)
    def make_test_function(self, *args, **kwargs):
        self.made += ("test",)
        return super().make_test_function(*args, **kwargs)
    def make_predict_function(self, *args, **kwargs):
        self.made += ("predict",)
        return super().make_predict_function(*args, **kwargs)

x, y = np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32")
for kind, calls in (
        ("train", (lambda m: m.fit(x, y, verbose=0), lambda m: m.train_on_batch(x, y))),
        ("test", (lambda m: m.evaluate(x, y, verbose=0), lambda m: m.test_on_batch(x, y))),
        ("predict", (lambda m: m.predict(x), lambda m: m.predict_on_batch(x)))):
    for call in calls:
        i = keras.Input(shape=(2,))
        model = Counted(i, keras.layers.Dense(1)(i))
        model.compile("sgd", "mse")
        model.made = ()
        call(model)
        assert set(model.made) == {kind}, (kind, model.made)
