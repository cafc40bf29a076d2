"""ProgbarLogger: the text that fit, evaluate and predict write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerlab.terminal.console import write
from layerlab.terminal.progbar import Progbar
from layerlab.training.callbacks.callback import Callback, standard
from layerlab.typing import Logs

__all__ = ["ProgbarLogger"]

_SECONDS_BETWEEN_DRAWINGS = 0.1


@standard
class ProgbarLogger(Callback):
    """A progress bar with the values of each epoch, or one line per epoch.

    fit, evaluate and predict add one: verbose=1 draws the bar, unless a notebook shows
    the run of fit itself; verbose=2 writes the lines; 0 adds none. Logs are read from
    the device only when they are drawn, about ten times a second.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.25), "mse")
        >>> x, y = keras.ops.zeros((2, 1)), keras.ops.ones((2, 1))
        >>> run = model.fit(x, y, verbose=2)  # doctest: +ELLIPSIS
        1/1 - ... - loss: 1.0000
    """

    takes_lazy_logs = True

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progbar | None = None
        self._seen = 0
        self._steps: int | None = None
        self._is_in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._steps = params.get("steps")

    @property
    def _verbose(self) -> int:
        verbose = self.params.get("verbose", 1)
        return 1 if verbose == "auto" else int(verbose)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._is_in_fit = True  # validation is silent

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._is_in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        epochs = self.params.get("epochs") or 1
        if self._verbose and epochs > 1:
            write(f"Epoch {epoch + 1}/{epochs}\n")
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._is_in_fit:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._is_in_fit:
            self._step(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._is_in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, None)  # the outputs are not shown

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(None)

    def _begin(self) -> None:
        self._seen = 0
        self._bar = Progbar(
            self._steps, verbose=self._verbose, interval=_SECONDS_BETWEEN_DRAWINGS, stateless_metrics=()
        )

    def _step(self, batch: int, logs: Logs | None) -> None:
        assert self._bar is not None
        self._seen = batch + 1
        self._bar.update(self._seen, _ordered(logs) if self._bar.is_due else (), finalize=False)

    def _end(self, logs: Logs | None) -> None:
        assert self._bar is not None
        if self._steps is None:  # the source has told its length by ending
            self._steps = self._bar.target = self._seen
        self._bar.update(self._seen, _ordered(logs), finalize=True)


def _ordered(logs: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """The logs by label: training, validation, learning rate."""
    items = (logs or {}).items()
    return sorted(items, key=lambda item: (item[0] == "learning_rate", item[0].startswith("val_"), item[0]))
