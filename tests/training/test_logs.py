"""When numbers are read from the device, and what is said of numbers that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.training import loop, recorder
from layerlab.training.callbacks import callback as callback_module
from tests.training.counting import Counting, data
from tests.training.listening import Listener
from tests.training.models import regression


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by one with each dict of logs that is read from the device. The clock never ticks."""
    calls: list[Any] = []
    original = recorder.to_floats

    def to_floats(logs: Any) -> Any:
        calls.append(logs)
        return original(logs)

    for module in (recorder, loop, callback_module):
        monkeypatch.setattr(module, "to_floats", to_floats)
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 1e9)
    return calls


def test_without_batch_callbacks_no_step_waits_for_the_device(
    backend: str, reads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = data(40)
    model = Counting()
    during: list[int] = []

    def permission(_: Any) -> str:  # asked for before each call of steps
        during.append(len(reads))
        return "run"

    monkeypatch.setattr("layerlab.training.control.RunControl.permission", permission)

    model.fit(x, y, batch_size=2, verbose=0)

    assert during and not any(during)


def test_batch_callbacks_get_the_numbers_of_each_step(backend: str, reads: list[Any]) -> None:
    x, y = data(8)
    seen: list[Any] = []
    each = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append((batch, dict(logs)))
    )

    Counting().fit(x, y, batch_size=2, verbose=0, callbacks=[each])

    means = [0.0, -0.5, -1.0, -1.5]
    assert seen == [(batch, {"_mean": mean, "loss": mean}) for batch, mean in enumerate(means)]
    assert all(type(value) is float for _, logs in seen for value in logs.values())


def spoilt(samples: int = 8, bad: int = 5) -> tuple[np.ndarray, np.ndarray]:
    x, y = regression(samples)
    y[bad] = np.nan
    return x, y


@pytest.mark.parametrize("is_watched", [True, False])
def test_a_loss_that_is_not_finite_is_told_once_with_its_first_step(backend: str, is_watched: bool) -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    listener = Listener()
    x, y = spoilt()

    with pytest.warns(UserWarning) as caught:
        model.fit(
            x,
            y,
            batch_size=2,
            epochs=2,
            shuffle=False,
            verbose=0,
            callbacks=[listener] if is_watched else None,
        )

    told = [str(warning.message) for warning in caught if "loss" in str(warning.message)]
    assert len(told) == 1
    assert "nan at step 3" in told[0]
    assert "learning rate" in told[0]
    diagnostics = [event for event in listener.events if event.type == "diagnostic"]
    assert [(event.code, event.step) for event in diagnostics] == [("non-finite-loss", 3)] * is_watched


@pytest.mark.filterwarnings("ignore:The loss is nan")
def test_terminate_on_nan_ends_the_run_at_the_first_bad_step(
    backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    x, y = spoilt()

    history = model.fit(
        x, y, batch_size=2, epochs=5, shuffle=False, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()]
    )

    assert history.epoch == [0]
    assert int(model.optimizer.iterations) == 3
    assert "Batch 2" in capsys.readouterr().out


def test_a_metric_may_report_its_variable_itself(backend: str) -> None:
    class Largest(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="largest")
            self.top = self.add_variable((), "zeros", name="top")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.top.assign(keras.ops.maximum(self.top.value, keras.ops.max(-y_pred)))

        def result(self) -> Any:
            return self.top.value  # part of the state, which the next step overwrites or gives away

    listener = Listener()

    Counting(metrics=[Largest()]).fit(*data(8), batch_size=2, epochs=2, verbose=0, callbacks=[listener])

    told = [
        value
        for event in listener.events
        if event.type == "steps_finished"
        for value in event.logs["largest"]
    ]
    assert told == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
