"""The events of a run: which, in which order, with what in them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.training import recorder
from tests.training.counting import Counting, data
from tests.training.listening import Listener


@pytest.fixture(autouse=True)
def _steps_are_told_at_epoch_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 1e9)


def test_a_run_with_validation_tells_everything_in_order(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()

    history = model.fit(x, y, batch_size=3, epochs=2, validation_data=(x, y), verbose=0, callbacks=[listener])

    epoch = ["epoch_started", "steps_finished", "validation_finished", "epoch_finished"]
    assert listener.types == ["fit_started", *epoch, *epoch, "fit_finished"]
    assert len({event.run_id for event in listener.events}) == 1
    assert [event.time for event in listener.events] == sorted(event.time for event in listener.events)
    started, finished = listener.events[0], listener.events[-1]
    assert (started.model_name, started.model_class, started.backend) == (model.name, "Functional", backend)
    assert (started.optimizer, started.learning_rate, started.parameters) == ("SGD", 1.0, 2)
    assert (started.epochs, started.initial_epoch, started.steps_per_epoch) == (2, 0, 3)
    assert (started.batch_size, started.validation) == (3, True)
    second = listener.of("steps_finished")[1]
    assert (second.epoch, second.epoch_step, second.steps) == (1, 3, [4, 5, 6])
    assert second.logs["batch_loss"] == [-3.0, -4.0, -5.0]
    # Running means over the samples of the epoch: 3, 3 and 2 of them.
    assert second.logs["loss"] == pytest.approx([-3.0, -3.5, -31 / 8])
    assert [event.logs for event in listener.of("validation_finished")] == [
        {"_mean": -3.0, "loss": -3.0},
        {"_mean": -6.0, "loss": -6.0},
    ]
    last = {label: values[-1] for label, values in history.history.items()}
    assert listener.of("epoch_finished")[1].logs == finished.logs == last
    assert [(e.epoch, e.step) for e in listener.of("epoch_finished")] == [(0, 3), (1, 6)]
    assert (finished.epoch, finished.step) == (2, 6)
    assert finished.seconds > 0
    for event in listener.events:
        json.dumps(dataclasses.asdict(event), allow_nan=False)


def test_each_step_is_told_exactly_once_however_often_the_clock_ticks(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, (x, y), listener = Counting(), data(), Listener()
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 0.0)

    model.fit(x, y, batch_size=2, epochs=3, verbose=0, callbacks=[listener])

    told = listener.of("steps_finished")
    assert [step for event in told for step in event.steps] == list(range(1, 13))
    assert [loss for event in told for loss in event.logs["batch_loss"]] == [-float(n) for n in range(12)]
    assert all(len(values) == len(event.steps) for event in told for values in event.logs.values())
    # Several steps may have run as one program, but never those of two epochs.
    assert all(event.epoch == (step - 1) // 4 for event in told for step in event.steps)
    assert all(event.epoch_step == event.steps[-1] - 4 * event.epoch for event in told)


def test_a_callback_that_stops_the_run_is_told(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    history = model.fit(x, y, batch_size=2, epochs=3, verbose=0, callbacks=[listener, Stop()])

    assert listener.types == [
        "fit_started",
        "epoch_started",
        "steps_finished",
        "epoch_finished",
        "fit_stopped",
        "fit_finished",
    ]
    stopped = listener.of("fit_stopped")[0]
    assert (stopped.reason, stopped.step) == ("callback", 2)
    assert history.epoch == [0]


def test_early_stopping_says_why(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()
    stop = keras.callbacks.EarlyStopping("loss", mode="max", patience=2)

    model.fit(x, y, batch_size=2, epochs=9, verbose=0, callbacks=[listener, stop])

    (stopped,) = listener.of("fit_stopped")
    assert (stopped.reason, stopped.step, stopped.epoch) == ("callback", 12, 3)
    assert stopped.message == ("Early stopping: loss did not get better than -1.5 in epoch 1 for 2 epochs.")


def test_a_schedule_is_told_and_its_changes_are_its_own(backend: str) -> None:
    rate = keras.optimizers.schedules.ExponentialDecay(1.0, 4, 0.5)
    model, listener = Counting(), Listener()
    model.compile(keras.optimizers.SGD(rate), loss=lambda y_true, y_pred: y_pred)

    model.fit(*data(), batch_size=2, epochs=2, verbose=0, callbacks=[listener])

    assert listener.events[0].schedule == "ExponentialDecay"
    changed = listener.of("learning_rate_changed")[0]
    assert (changed.previous, changed.learning_rate, changed.source) == (1.0, 0.5, "schedule")


def test_stopping_in_the_last_epoch_is_no_early_end(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 1)
    )

    model.fit(x, y, epochs=2, verbose=0, callbacks=[listener, stop])

    assert "fit_stopped" not in listener.types


def test_a_change_of_the_learning_rate_by_a_callback_is_told(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 1.0 if epoch == 0 else 0.5)

    model.fit(x, y, epochs=3, verbose=0, callbacks=[listener, schedule])

    changes = listener.of("learning_rate_changed")
    assert [(event.step, event.learning_rate, event.source) for event in changes] == [(1, 0.5, "callback")]


def test_the_length_of_a_generator_is_unknown_at_first(backend: str) -> None:
    model, listener = Counting(), Listener()

    model.fit((data() for _ in range(3)), verbose=0, callbacks=[listener])

    assert listener.events[0].steps_per_epoch is None
    assert listener.events[0].batch_size is None
    assert listener.events[-1].step == 3


def test_an_end_of_the_data_ends_the_run_with_a_warning(backend: str) -> None:
    model, listener = Counting(), Listener()

    with pytest.warns(UserWarning, match="The data ended after 1 of 2 batches"):
        history = model.fit(
            (data() for _ in range(3)), steps_per_epoch=2, epochs=5, verbose=0, callbacks=[listener]
        )

    assert history.epoch == [0, 1]
    assert listener.events[-1].type == "fit_finished"
    assert (listener.events[-1].epoch, listener.events[-1].step) == (2, 3)


def test_numbers_of_any_type_that_a_callback_puts_into_the_logs_are_told(backend: str) -> None:
    model, (x, y), listener = Counting(), data(), Listener()
    added = {
        "float32": np.float32(0.5),
        "int": 3,
        "int64": np.int64(-4),
        "bool": True,
        "array": np.array(2.5, "float16"),
        "tensor": keras.ops.convert_to_tensor(1.5),
        "variable": keras.Variable(0.25),
    }
    left_out = {
        "text": "0.5",
        "words": np.str_("0.5"),
        "none": None,
        "many": np.ones(3),
        "one": np.ones((1,)),
    }
    put = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(added | left_out | {"complex": 1j, "huge": 10**400})
    )

    model.fit(x, y, batch_size=3, verbose=0, callbacks=[put, listener])

    numbers = {"float32": 0.5, "int": 3.0, "int64": -4.0, "bool": 1.0}
    numbers |= {"array": 2.5, "tensor": 1.5, "variable": 0.25, "loss": -0.875, "_mean": -0.875}
    for kind in ("epoch_finished", "fit_finished"):
        (event,) = listener.of(kind)
        assert event.logs == numbers
        assert {type(value) for value in event.logs.values()} == {float}
