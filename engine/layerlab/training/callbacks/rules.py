"""Callbacks that watch the numbers: early stopping, stopping at NaN, and functions as hooks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from layerlab.core.arguments import check_arguments
from layerlab.errors import InvalidArgumentError, explain
from layerlab.training.callbacks.callback import Callback
from layerlab.training.callbacks.monitor import Monitor, Watching
from layerlab.typing import Logs

__all__ = ["EarlyStopping", "LambdaCallback", "TerminateOnNaN"]

_NAN_ADVICE = "lower the learning rate, check the data for NaN, or clip gradients (clipnorm=1.0)"


class EarlyStopping(Watching, Callback):
    """An end of training when a value no longer improves.

    After `patience` epochs without an improvement of the watched value it stops, before
    the model only learns its training data by heart.

    Args:
        monitor: label of the value to watch, as in the logs: 'val_loss', 'accuracy'.
        min_delta: how much better a value must be to count, at least 0.
        patience: epochs without improvement after which to stop; with 0, as with 1, the
            first one ends the run.
        verbose: 1 prints when it stops; 0 nothing.
        mode: 'min' or 'max' says which way is better; 'auto' takes the direction of the
            loss or metric.
        baseline: a value that must be beaten for an epoch to count as improvement; None
            for none.
        restore_best_weights: True gives the model the weights of its best epoch at the
            end; False leaves the last.
        start_from_epoch: epochs to let pass before watching.
    Raises: InvalidArgumentError for an unknown mode; in fit, if 'auto' does not know
    which way is better.
    Source: Prechelt 1998, "Early stopping - but when?".

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
        >>> model.compile("sgd", "mse")
        >>> x, y = keras.ops.zeros((2, 1)), keras.ops.ones((2, 1))  # nothing to learn
        >>> stop = EarlyStopping(monitor="loss", patience=2)
        >>> run = model.fit(x, y, epochs=9, verbose=0, callbacks=[stop])
        >>> run.epoch
        [0, 1, 2]
    """

    backed_up = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__()
        numbers = {"min_delta": min_delta, "patience": patience, "baseline": baseline}
        check_arguments(type(self), {**numbers, "start_from_epoch": start_from_epoch})
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._monitor = Monitor(monitor, mode, min_delta)
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._monitor.begin(self.model, type(self).__name__)
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None
        self.stop_message = ""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._monitor.is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._monitor.is_improvement(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.stop_message = self._why()
            self.model.stop_training = True

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The value to watch; None, with a warning, if it is not in the logs.

        Args:
            logs: values of the epoch by label.
        """
        return self._monitor.value(logs, type(self).__name__)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def _why(self) -> str:
        best = "" if self.best is None else f" than {self.best:.4g} in epoch {self.best_epoch + 1}"
        restores = " Its weights are restored." if self.restore_best_weights else ""
        return f"Early stopping: {self.monitor} did not get better{best} for {self.wait} epochs.{restores}"


class TerminateOnNaN(Callback):
    """An end of training at the first loss that is NaN or infinite.

    Args:
        raise_error: True raises a RuntimeError; False ends the run as if its epochs
            were over.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = keras.ops.full((2, 1), float("nan"))
        >>> run = model.fit(x, x, epochs=9, verbose=0, callbacks=[TerminateOnNaN()])
        Batch 0: Invalid loss, terminating training
        >>> len(run.epoch)
        1
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.stop_message = ""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            if self.raise_error:
                raise RuntimeError(explain(f"The loss is {loss} at batch {batch}.", fix=_NAN_ADVICE))
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.stop_message = f"TerminateOnNaN: the loss is {loss} at batch {batch} of this epoch."
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback made of functions, for what is too short for a class.

    Args:
        on_epoch_begin, on_epoch_end: functions of (epoch, logs), called around each
            epoch.
        on_train_begin, on_train_end: functions of (logs), called around the run.
        on_train_batch_begin, on_train_batch_end: functions of (batch, logs), called
            around each step, which waits for them.
        **kwargs: functions by the name of any other hook of Callback.
    Raises: InvalidArgumentError for a name that is no hook, or what is no function.

    Example:
        >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
        >>> show.on_epoch_end(0, {"loss": 0.5})  # as fit(callbacks=[show]) calls it
        0 {'loss': 0.5}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if not hasattr(Callback, name):
                raise InvalidArgumentError(
                    explain(f"LambdaCallback knows no hook '{name}'.", expected="on_epoch_end and the like")
                )
            if function is not None and not callable(function):
                raise InvalidArgumentError(
                    explain(
                        f"LambdaCallback got a bad `{name}`.",
                        expected="a function",
                        got=repr(function)[:80],
                    )
                )
            if function is not None:
                setattr(self, name, function)
