"""After an exception or an interrupt anywhere, a model is what it was after its last finished step.

A witness that nothing happened to says what that is: its weights after so many steps, and, once it was given
the state of the other model, the numbers that evaluate, predict and fit give next.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from tests.training.models import classes

# A minute in all; test_failures.py and test_interrupts.py are what the fast tests have of this.
pytestmark = pytest.mark.slow

X, Y = classes(24)
HELD_OUT = (X[:12], Y[:12])
SIZE, STEPS = 6, 4  # samples a batch, batches an epoch
FIT = {"batch_size": SIZE, "shuffle": False, "verbose": 0}


class Broken(Exception):
    """What the tests raise."""


def fail() -> None:
    raise Broken("on purpose")


def press() -> None:
    """Ctrl-C, right here."""
    signal.raise_signal(signal.SIGINT)


WAYS: dict[str, tuple[Callable[[], None], type[BaseException]]] = {
    "exception": (fail, Broken),
    "interrupt": (press, KeyboardInterrupt),
}
ways = pytest.mark.parametrize("way", WAYS)


class At:
    """Does what it is told at its n-th call; not before, and not after."""

    def __init__(self, call: int, action: Callable[[], None]) -> None:
        self.left = call
        self.action = action

    def __call__(self, *_: Any, **__: Any) -> None:
        self.left -= 1
        if self.left == 0:
            self.action()


# -- models -------------------------------------------------------------------------------------------


def made(cls: Any = keras.Model, **compiled: Any) -> Any:
    """4 -> 5 -> 3 with batch normalization, trained with momentum: state of every kind."""
    inputs = keras.Input((4,))
    hidden = keras.layers.BatchNormalization(momentum=0.8)(keras.layers.Dense(5, activation="tanh")(inputs))
    model = cls(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        **{"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled},
    )
    model.optimizer.build(model.trainable_variables)
    return model


def state(model: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]


def put(model: Any, values: list[np.ndarray]) -> None:
    for variable, value in zip([*model.variables, *model.optimizer.variables], values, strict=True):
        variable.assign(value)


class Witness:
    """A model that was never disturbed, and its states after 0, 1, 2 ... steps."""

    def __init__(self) -> None:
        self.model = made()
        self.states = [state(self.model)]
        while len(self.states) <= 2 * STEPS:
            first = (len(self.states) - 1) % STEPS * SIZE
            self.model.train_on_batch(X[first : first + SIZE], Y[first : first + SIZE])
            self.states.append(state(self.model))


_made: dict[tuple[str, str], Any] = {}  # by back end, so that steps are compiled once


@pytest.fixture
def witness(backend: str) -> Witness:
    if (backend, "witness") not in _made:
        _made[backend, "witness"] = Witness()
    return _made[backend, "witness"]


@pytest.fixture
def model(backend: str, witness: Witness) -> Any:
    """As the witness was at first."""
    if (backend, "model") not in _made:
        _made[backend, "model"] = made()
    put(_made[backend, "model"], witness.states[0])
    return _made[backend, "model"]


def check(model: Any, witness: Witness, steps: int) -> None:
    """The model is where the witness was after `steps`, and goes on as the witness does from there."""
    found = state(model)
    assert all(np.isfinite(value).all() for value in found)
    assert int(model.optimizer.iterations) == steps
    for mine, expected in zip(found, witness.states[steps], strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)

    put(witness.model, found)
    for judge in (_evaluated, _predicted, _fitted, _evaluated):
        mine, expected = judge(model), judge(witness.model)
        assert set(expected) <= set(mine)
        for label, value in expected.items():  # type: ignore[attr-defined]
            np.testing.assert_allclose(mine[label], value, rtol=1e-5, atol=1e-6, err_msg=label)
    assert int(model.optimizer.iterations) == steps + STEPS


def _evaluated(model: Any) -> dict[str, Any]:
    return model.evaluate(X, Y, batch_size=SIZE, verbose=0, return_dict=True)


def _predicted(model: Any) -> dict[str, Any]:
    return {"outputs": model.predict(X, batch_size=SIZE, verbose=0)}


def _fitted(model: Any) -> dict[str, Any]:
    return model.fit(X, Y, validation_data=HELD_OUT, **FIT).history


# -- callbacks ----------------------------------------------------------------------------------------


@ways
@pytest.mark.parametrize(
    ("hook", "call", "steps"),
    [
        ("on_train_begin", 1, 0),
        ("on_epoch_begin", 1, 0),
        ("on_epoch_begin", 2, 4),
        ("on_train_batch_begin", 6, 5),
        ("on_train_batch_end", 6, 6),
        ("on_test_begin", 2, 8),
        ("on_test_batch_begin", 2, 4),
        ("on_test_batch_end", 3, 8),
        ("on_test_end", 1, 4),
        ("on_epoch_end", 1, 4),
        ("on_train_end", 1, 8),
    ],
)
def test_a_callback_of_fit(model: Any, witness: Witness, hook: str, call: int, steps: int, way: str) -> None:
    action, raised = WAYS[way]
    callback = keras.callbacks.Callback()
    setattr(callback, hook, At(call, action))
    with pytest.raises(raised):
        model.fit(X, Y, epochs=2, validation_data=HELD_OUT, callbacks=[callback], **FIT)
    check(model, witness, steps)


@ways
@pytest.mark.parametrize("hook", ["on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end"])
def test_a_callback_of_evaluate(model: Any, witness: Witness, hook: str, way: str) -> None:
    action, raised = WAYS[way]
    callback = keras.callbacks.Callback()
    setattr(callback, hook, At(1, action))
    with pytest.raises(raised):
        model.evaluate(X, Y, batch_size=SIZE, verbose=0, callbacks=[callback])
    check(model, witness, 0)


@ways
@pytest.mark.parametrize("hook", ["on_predict_begin", "on_predict_batch_begin", "on_predict_batch_end"])
def test_a_callback_of_predict(model: Any, witness: Witness, hook: str, way: str) -> None:
    action, raised = WAYS[way]
    callback = keras.callbacks.Callback()
    setattr(callback, hook, At(1, action))
    with pytest.raises(raised):
        model.predict(X, batch_size=SIZE, verbose=0, callbacks=[callback])
    check(model, witness, 0)


# -- data ---------------------------------------------------------------------------------------------


def batches(call: int, action: Callable[[], None]) -> Iterator[Any]:
    """The batches of an epoch over and over; the n-th never comes."""
    before = At(call, action)
    while True:
        for first in range(0, len(X), SIZE):
            before()
            yield X[first : first + SIZE], Y[first : first + SIZE]


@pytest.mark.parametrize("number", [1, 3, 6])
def test_an_exception_in_a_generator(model: Any, witness: Witness, number: int) -> None:
    with pytest.raises(Broken):
        model.fit(batches(number, fail), steps_per_epoch=STEPS, epochs=2, verbose=0)
    check(model, witness, number - 1)


@pytest.mark.parametrize("number", [1, 3, 6])
def test_an_interrupt_in_a_generator(model: Any, witness: Witness, number: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        model.fit(batches(number, press), steps_per_epoch=STEPS, epochs=2, verbose=0)
    steps = int(model.optimizer.iterations)
    assert steps < number  # batches may have been made ahead of the steps
    check(model, witness, steps)


@ways
@pytest.mark.parametrize("number", [1, 2])
def test_a_generator_for_validation(model: Any, witness: Witness, number: int, way: str) -> None:
    action, raised = WAYS[way]
    with pytest.raises(raised):
        model.fit(X, Y, epochs=2, validation_data=batches(number, action), validation_steps=2, **FIT)
    steps = int(model.optimizer.iterations)
    assert steps <= STEPS  # the first batches are asked for before the first step
    check(model, witness, steps)


class Dataset(keras.utils.PyDataset):
    """The batches of an epoch; one of them may fail."""

    def __init__(self, fails: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fails = fails

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, index: int) -> Any:
        if self.fails and index == 2:
            fail()
        return X[index * SIZE : (index + 1) * SIZE], Y[index * SIZE : (index + 1) * SIZE]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_dataset(model: Any, witness: Witness, workers: int) -> None:
    with pytest.raises(Broken):
        model.fit(Dataset(fails=True, workers=workers), shuffle=False, verbose=0)
    check(model, witness, 2)
    put(model, witness.states[0])
    with pytest.raises(Broken):
        model.fit(X, Y, validation_data=Dataset(fails=True, workers=workers), **FIT)
    check(model, witness, STEPS)


# -- what runs inside a step ----------------------------------------------------------------------------


class Watched(keras.metrics.Metric):
    """Counts samples; may be interrupted by others."""

    def __init__(self, in_update: Callable[[], None], in_result: Callable[[], None]) -> None:
        super().__init__(name="watched")
        self.in_update, self.in_result = in_update, in_result
        self.count = self.add_weight(name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.count.assign_add(1.0)
        self.in_update()

    def result(self) -> Any:
        self.in_result()
        return self.count


def nothing() -> None:
    """In the middle of a step that goes well."""


def disturbed(witness: Witness, way: str, call: int, make: Callable[[Callable[[], None]], Any]) -> Any:
    """A model that was disturbed at the n-th call of what `make` was given, in fit."""
    action, raised = WAYS[way]
    model = make(At(call, action))
    put(model, witness.states[0])
    with pytest.raises(raised):
        model.fit(X, Y, epochs=2, **FIT)
    return model


@ways
@pytest.mark.parametrize("place", ["in_update", "in_result"])
def test_a_metric(witness: Witness, place: str, way: str) -> None:
    def make(action: Callable[[], None]) -> Any:
        places = {"in_update": nothing, "in_result": nothing, place: action}
        return made(metrics=["accuracy", Watched(**places)], run_eagerly=True)

    model = disturbed(witness, way, 3, make)
    steps = int(model.optimizer.iterations)
    assert steps in ((2,) if way == "exception" else (2, 3))  # an interrupt waits for the end of the step
    check(model, witness, steps)
    assert model.evaluate(X, Y, batch_size=SIZE, verbose=0, return_dict=True)["watched"] == STEPS


@ways
def test_a_loss(witness: Witness, way: str) -> None:
    def make(action: Callable[[], None]) -> Any:
        def loss(y_true: Any, y_pred: Any) -> Any:
            action()
            return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

        return made(loss=loss, run_eagerly=True)

    model = disturbed(witness, way, 3, make)
    steps = int(model.optimizer.iterations)
    assert steps in ((2,) if way == "exception" else (2, 3))
    check(model, witness, steps)


@ways
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_custom_step(witness: Witness, when: str, way: str) -> None:
    def make(action: Callable[[], None]) -> Any:
        class Custom(keras.Model):
            def train_step(self, data: Any) -> Any:
                if when == "before":
                    action()
                logs = super().train_step(data)
                if when == "after":
                    action()
                return logs

        return made(Custom, run_eagerly=True)

    model = disturbed(witness, way, 3, make)
    steps = int(model.optimizer.iterations)
    assert steps in ((2,) if way == "exception" else (2, 3))
    check(model, witness, steps)


@ways
def test_a_custom_test_step_in_validation(witness: Witness, way: str) -> None:
    action, raised = WAYS[way]
    at = At(2, action)

    class Custom(keras.Model):
        def test_step(self, data: Any) -> Any:
            at()
            return super().test_step(data)

    model = made(Custom, run_eagerly=True)
    put(model, witness.states[0])
    with pytest.raises(raised):
        model.fit(X, Y, epochs=2, validation_data=(X, Y), validation_batch_size=SIZE, **FIT)
    check(model, witness, STEPS)


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_custom_step_with_backward(witness: Witness, when: str) -> None:
    def make(action: Callable[[], None]) -> Any:
        class Custom(keras.Model):
            def train_step(self, data: Any) -> Any:
                x, y = data
                self.zero_grad()
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
                loss.backward()
                if when == "before":
                    action()
                variables = list(self.trainable_weights)
                self.optimizer.apply([variable.value.grad for variable in variables], variables)  # type: ignore[attr-defined]
                if when == "after":
                    action()
                for metric in self.metrics:
                    metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
                return self.get_metrics_result()

        return made(Custom)

    check(disturbed(witness, "exception", 3, make), witness, 2)


def test_an_exception_while_a_step_is_compiled(backend: str, witness: Witness) -> None:
    broken = True

    class Custom(keras.Model):
        def train_step(self, data: Any) -> Any:
            logs = super().train_step(data)
            if broken:
                fail()
            return logs

    model = made(Custom)
    put(model, witness.states[0])
    with pytest.raises(Broken):
        model.fit(X, Y, **FIT)
    broken = False
    check(model, witness, 0)


@ways
def test_disturbed_again_and_again(model: Any, witness: Witness, way: str) -> None:
    """Each time one step further, as if nothing had happened."""
    action, raised = WAYS[way]
    for step in range(STEPS):
        first = step * SIZE
        callback = keras.callbacks.LambdaCallback(on_train_batch_end=At(1, action))
        with pytest.raises(raised):
            model.fit(X[first:], Y[first:], callbacks=[callback], **FIT)
    check(model, witness, STEPS)
