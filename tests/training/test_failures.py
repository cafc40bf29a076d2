"""An exception anywhere in training leaves a usable model with the weights of the last finished step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import ops
from tests.training.counting import Counting, data, steps_in


class Broken(Exception):
    """What the tests raise."""


def fail(*_: Any) -> None:
    raise Broken("on purpose")


def note(events: list[Any]) -> Any:
    listener = keras.callbacks.Callback()
    listener.on_event = events.append
    return listener


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "steps"),
    [
        ("on_train_begin", 0),
        ("on_train_batch_begin", 0),
        ("on_train_batch_end", 1),
        ("on_test_begin", 4),
        ("on_test_batch_end", 4),
        ("on_epoch_end", 4),
        ("on_train_end", 4),
    ],
)
def test_an_exception_in_a_callback_ends_the_run_and_nothing_else(
    backend: str, hook: str, steps: int
) -> None:
    model, (x, y) = Counting(), data()
    events: list[Any] = []
    broken = keras.callbacks.LambdaCallback(**{hook: fail})

    with pytest.raises(Broken, match="on purpose"):
        model.fit(x, y, batch_size=2, verbose=0, validation_data=(x, y), callbacks=[note(events), broken])

    assert steps_in(model) == steps
    failed = events[-1]
    assert (failed.type, failed.error, failed.message, failed.step) == (
        "fit_failed",
        "Broken",
        "on purpose",
        steps,
    )
    told = [step for event in events if event.type == "steps_finished" for step in event.steps]
    assert told == list(range(1, steps + 1))
    model.fit(x, y, batch_size=2, verbose=0)
    assert steps_in(model) == steps + 4


def test_an_exception_in_a_generator_ends_the_run_and_nothing_else(backend: str) -> None:
    model, (x, y) = Counting(), data()

    def batches() -> Any:
        yield x, y
        yield x, y
        fail()

    for method, steps in ((model.fit, 2), (model.evaluate, 2), (model.predict, 2)):
        with pytest.raises(Broken):
            method(batches(), verbose=0)
        assert steps_in(model) == steps


@pytest.mark.parametrize("what", ["loss", "metrics"])
def test_an_exception_in_a_loss_or_metric_changes_nothing(backend: str, what: str) -> None:
    is_broken = True

    def function(y_true: Any, y_pred: Any) -> Any:
        if is_broken:
            fail()
        return ops.mean(y_pred, axis=-1)

    model, (x, y) = Counting(**{what: [function]}), data()
    for method in (model.fit, model.evaluate):
        with pytest.raises(Broken):
            method(x, y, batch_size=2, verbose=0)
    assert steps_in(model) == 0

    is_broken = False
    model.fit(x, y, batch_size=2, verbose=0)
    assert steps_in(model) == 4


def test_a_batch_of_another_shape_is_refused_before_its_step(backend: str) -> None:
    model, (x, y) = Counting(), data()

    with pytest.raises(keras.errors.ShapeError, match=r"\(8, 3\)"):
        model.fit(iter([(x, y), (np.ones((8, 3)), y)]), verbose=0)

    assert steps_in(model) == 1


class Source(keras.utils.PyDataset):
    """Two batches; the second may fail."""

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.fails = fails
        self.closed = 0

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        if index and self.fails:
            fail()
        return data()


def test_sources_are_closed_once_however_the_run_ends(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Any] = []
    monkeypatch.setattr("layerlab.data.pydataset.PyDatasetSource.close", lambda self: closed.append(self))
    model, (_, y) = Counting(), data()

    model.fit(Source(fails=False), validation_data=Source(fails=False), verbose=0)
    assert len(closed) == len(set(map(id, closed))) == 2
    closed.clear()
    with pytest.raises(Broken):
        model.fit(Source(fails=True), validation_data=Source(fails=False), verbose=0)
    assert len(closed) == 2
    closed.clear()
    with pytest.raises(ValueError, match="does not fit"):  # before the first step
        model.fit(Source(fails=False), validation_data=(np.ones((4, 3)), y[:4]), verbose=0)
    assert len(closed) == 1
    closed.clear()
    with pytest.raises(Broken):
        model.evaluate(Source(fails=True), verbose=0)
    assert len(closed) == 1
    steps_in(model)


def test_a_front_end_that_fails_costs_no_step(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def watch(self, run_id: str, model: Any, control: Any) -> Any:
            return fail

        def display(self, model: Any) -> None:
            return None

    monkeypatch.setattr("layerlab.frontends.discover", lambda: (Failing(),))
    model, (x, y) = Counting(), data()

    with pytest.warns(UserWarning, match="showing the run failed: Broken") as caught:
        model.fit(x, y, batch_size=2)

    assert steps_in(model) == 4
    assert len([w for w in caught if "showing the run" in str(w.message)]) == 1
