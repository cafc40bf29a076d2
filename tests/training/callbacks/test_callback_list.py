"""CallbackList, and when fit, evaluate and predict call which hook."""

from __future__ import annotations

from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import InvalidArgumentError
from layerlab.events import EpochFinished, FitStarted
from layerlab.training.callbacks import CallbackList
from layerlab.training.recorder import LazyLogs
from tests.training.callbacks.driving import StandIn

X, Y = np.ones((6, 2), "float32"), np.ones((6, 1), "float32")
HOOKS = [
    f"on_{what}_{when}"
    for what in ("epoch", "train", "test", "predict", "train_batch", "test_batch", "predict_batch")
    for when in ("begin", "end")
]


def spy(library: Any, calls: list[Any], name: str = "") -> Any:
    """A callback that notes each call: hook, epoch or batch, labels of the logs."""

    def note(hook: str) -> Any:
        def called(self: Any, *args: Any, **kwargs: Any) -> None:
            logs = kwargs.get("logs", args[-1] if args and not isinstance(args[-1], int) else None)
            index = args[0] if args and isinstance(args[0], int) else None
            calls.append((name, hook, index, sorted(logs or ())))

        return called

    return type("Spy", (library.callbacks.Callback,), {hook: note(hook) for hook in HOOKS})()


def compiled(library: Any) -> Any:
    model = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def ran(library: Any, method: str, **options: Any) -> list[Any]:
    calls: list[Any] = []
    model = compiled(library)
    arguments = (X,) if method == "predict" else (X, Y)
    getattr(model, method)(*arguments, verbose=0, batch_size=4, callbacks=[spy(library, calls)], **options)
    return calls


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("fit", {"epochs": 2, "validation_data": (X, Y)}),
        ("fit", {"shuffle": False}),
        ("evaluate", {}),
        ("predict", {}),
    ],
)
def test_hooks_are_called_in_the_order_of_keras_with_its_logs(
    method: str, options: Any, backend: str
) -> None:
    assert ran(keras, method, **options) == ran(oracle, method, **options)


def test_callbacks_are_called_in_the_order_of_the_list() -> None:
    calls: list[Any] = []
    compiled(keras).fit(X, Y, verbose=0, callbacks=[spy(keras, calls, "a"), spy(keras, calls, "b")])
    assert [name for name, hook, *_ in calls if hook == "on_epoch_end"] == ["a", "b"]


def test_older_names_of_batch_hooks_are_called() -> None:
    class Old(keras.callbacks.Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append((batch, sorted(logs)))

    seen: list[Any] = []
    compiled(keras).fit(X, Y, verbose=0, batch_size=4, callbacks=[Old()])
    assert seen == [(0, ["loss", "mae"]), (1, ["loss", "mae"])]


def test_what_a_callback_adds_to_the_logs_reaches_history() -> None:
    class Adds(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["extra"] = epoch

    assert compiled(keras).fit(X, Y, epochs=2, verbose=0, callbacks=[Adds()]).history["extra"] == [0, 1]


def test_history_and_progress_bar_come_last_and_once() -> None:
    own = keras.callbacks.History()
    callbacks = CallbackList([own], add_history=True, add_progbar=True, model=StandIn(), verbose=0).callbacks
    assert callbacks[0] is own
    assert [type(callback).__name__ for callback in callbacks] == ["History", "ProgbarLogger"]


def test_callbacks_get_model_and_params() -> None:
    model, callback = StandIn(), keras.callbacks.Callback()
    CallbackList(callback, model=model, epochs=3, steps=2)
    assert callback.model is model
    assert callback.params == {"epochs": 3, "steps": 2}


def test_batch_hooks_that_nobody_overrides_read_no_logs() -> None:
    class Unread(LazyLogs):
        def values_now(self) -> dict[str, Any]:
            raise AssertionError("logs were read from the device")

    CallbackList(keras.callbacks.EarlyStopping(), add_history=True, model=StandIn()).on_train_batch_end(
        0, Unread({})
    )


def test_logs_are_floats_in_batch_hooks() -> None:
    seen: list[Any] = []
    callbacks = CallbackList(
        keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))
    )
    callbacks.on_train_batch_end(0, LazyLogs({"loss": np.float32(0.5)}))
    assert seen == [{"loss": 0.5}]
    assert type(seen[0]["loss"]) is float


def test_a_callback_that_listens_gets_events_and_the_control() -> None:
    class Listens(keras.callbacks.Callback):
        def on_event(self, event: Any) -> None:
            events.append(type(event))

    events: list[type] = []
    callback = Listens()
    compiled(keras).fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    assert events[0] is FitStarted
    assert events.count(EpochFinished) == 2
    assert callback.control is not None


def test_a_class_instead_of_a_callback_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"EarlyStopping\(\.\.\.\)"):
        compiled(keras).fit(X, Y, verbose=0, callbacks=[keras.callbacks.EarlyStopping])


def test_something_else_than_a_callback_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="callbacks holds a str"):
        compiled(keras).fit(X, Y, verbose=0, callbacks=["early_stopping"])
