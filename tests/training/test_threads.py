"""One model and several threads, as in a dashboard or a web server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import layerlab as keras

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = X[:, :1].copy()


class Nested(keras.Model):
    """Knows no shape before it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.Sequential([keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(2)])
        self.last = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.last(self.inner(inputs))


def together(work: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What `work` gives in so many threads that begin at once."""
    start = threading.Barrier(count)

    def begin(number: int) -> Any:
        start.wait(20)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def ask(model: Any, number: int) -> Any:
    if number % 3 == 0:
        return model.predict(X, batch_size=8, verbose=0)
    if number % 3 == 1:
        return model.predict_on_batch(X)
    return keras.ops.convert_to_numpy(model(X))


def test_eight_threads_may_use_a_model_that_was_never_used(backend: Any) -> None:
    for _ in range(3):
        model = Nested()
        answers = together(lambda number, model=model: ask(model, number))
        assert len(model.weights) == 6
        hidden = np.tanh(X @ model.inner.layers[0].get_weights()[0])
        expected = hidden @ model.inner.layers[1].get_weights()[0] @ model.last.get_weights()[0]
        for answer in answers:
            np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)


def test_predict_and_evaluate_take_turns(backend: Any) -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    expected = (X @ model.layers[0].get_weights()[0] - Y).ravel()

    def work(number: int) -> Any:
        sizes = (8, 16, 40)
        if number % 2:
            return model.evaluate(X, Y, batch_size=sizes[number % 3], verbose=0)
        error = model.predict(X, batch_size=sizes[number % 3], verbose=0) - Y
        return [float((error**2).mean()), float(abs(error).mean())]

    for answer in together(work):
        np.testing.assert_allclose(answer, [(expected**2).mean(), abs(expected).mean()], rtol=1e-5)


def test_one_step_after_the_other_from_several_threads(backend: Any) -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    together(lambda _: [model.train_on_batch(X, Y) for _ in range(5)], count=4)
    assert int(model.optimizer.iterations) == 20


def twins() -> Any:
    """Two layers that are equal after each step, and between steps only."""
    inputs = keras.Input((5,))
    a, b = (keras.layers.Dense(64, kernel_initializer="ones", name=name)(inputs) for name in "ab")
    difference = keras.layers.Subtract(name="difference")([a, b])
    total = keras.layers.Dense(1, kernel_initializer="ones", trainable=False)(keras.layers.Add()([a, b]))
    model = keras.Model(inputs, [total, difference])
    model.compile(keras.optimizers.Adam(0.01), [lambda y, p: (p - y) ** 2, None])
    return model


def test_a_call_in_mid_training_waits_for_the_end_of_a_step(backend: Any) -> None:
    model, seen, failures = twins(), [], []
    is_over = threading.Event()
    encoder = keras.Model(model.input, model.get_layer("difference").output)  # shares the layers

    def look() -> None:
        try:
            while not is_over.is_set() or not seen:
                seen.append(float(abs(keras.ops.convert_to_numpy(model(X[:4])[1])).max()))
                seen.append(float(abs(encoder.predict(X[:4], verbose=0)).max()))
        except BaseException as error:
            failures.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        model.fit(X, [Y, Y], batch_size=4, epochs=30, verbose=0)
    finally:
        is_over.set()
        watcher.join(60)
    assert not failures and len(seen) > 1 and max(seen) == 0.0
    assert int(model.optimizer.iterations) == 300


def test_what_cannot_wait_for_the_end_of_fit_is_told(backend: Any) -> None:
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    told = []

    class Meanwhile(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.predict(X, verbose=0)  # its own thread may

            def attempt() -> None:
                for method in (lambda: self.model.fit(X, Y, verbose=0), lambda: self.model.evaluate(X, Y)):
                    with pytest.raises(ValueError, match="is in fit in another thread") as caught:
                        method()
                    told.append(caught)

            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join(20)

    model.fit(X, Y, verbose=0, callbacks=[Meanwhile()])
    assert len(told) == 2
