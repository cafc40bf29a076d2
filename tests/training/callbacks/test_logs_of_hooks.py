"""Every hook gets a dict as `logs`, whatever there is to tell, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.callbacks import Callback, CallbackList
from tests.oracle import agree

X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
HOOKS = sorted(name for name in dir(Callback) if name.startswith("on_") and name != "on_event")


def recorder(base: Any, heard: list[tuple[str, bool]]) -> Any:
    """A callback that notes for each hook whether its logs are a dict, and puts something into them."""

    def hook(name: str) -> Any:
        def called(self: Any, *args: Any, **kwargs: Any) -> None:
            logs = kwargs["logs"] if kwargs else args[-1]  # Keras gives it in either way
            heard.append((name, isinstance(logs, dict)))
            if logs is not None:
                logs.get("loss")

        return called

    return type("Recorder", (base,), {name: hook(name) for name in HOOKS if "on_batch" not in name})()


@pytest.mark.oracle
def test_hooks_are_called_with_dicts_in_the_order_of_keras(backend: str) -> None:
    def scenario(k: Any) -> Any:
        heard: list[tuple[str, bool]] = []
        model = k.Sequential([k.Input((2,)), k.layers.Dense(1)])
        model.compile("sgd", "mse")
        callback = recorder(k.callbacks.Callback, heard)
        model.fit(X, Y, batch_size=2, epochs=1, validation_data=(X, Y), verbose=0, callbacks=[callback])
        model.evaluate(X, Y, batch_size=2, verbose=0, callbacks=[callback])
        model.predict(X, batch_size=2, verbose=0, callbacks=[callback])
        return heard

    heard = agree(scenario)
    assert {name for name, _ in heard} == {name for name in HOOKS if "on_batch" not in name}
    assert all(is_dict for _, is_dict in heard)


def test_a_list_of_callbacks_called_by_hand_gives_dicts() -> None:
    heard: list[tuple[str, bool]] = []
    callbacks = CallbackList([recorder(Callback, heard), recorder(Callback, heard)], model=None)
    for name in HOOKS:
        getattr(callbacks, name)(*([0] if "batch" in name or "epoch" in name else []))
    assert len(heard) == 2 * len(HOOKS) and all(is_dict for _, is_dict in heard)


def test_all_callbacks_share_the_dict_of_an_epoch() -> None:
    class First(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            logs["seen"] = epoch

    class Second(Callback):
        seen: Any = None

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.seen = logs["seen"]

    second = Second()
    CallbackList([First(), second]).on_epoch_begin(3)
    assert second.seen == 3
    keras.callbacks.LearningRateScheduler(lambda epoch: 0.1).on_epoch_end(
        0
    )  # a hook by itself still takes none
