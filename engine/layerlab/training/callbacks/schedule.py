"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.arguments import check_arguments
from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.training.callbacks.callback import Callback
from layerlab.training.callbacks.monitor import Monitor, Watching
from layerlab.typing import Logs

__all__ = ["LearningRateScheduler", "ReduceLROnPlateau"]


def learning_rate_of(model: ModelLike) -> float:
    """The optimizer's current learning rate as a float."""
    return float(backend().to_numpy(backend().asarray(model.optimizer.learning_rate)))


class LearningRateScheduler(Callback):
    """A learning rate chosen before each epoch by a function.

    For a rate that changes with each step, give the optimizer a LearningRateSchedule.

    Args:
        schedule: function of the epoch (from 0) and, if it takes two arguments, the
            rate so far; returns the new rate, a number.
        verbose: 1 prints the rate; 0 nothing.
    Raises: InvalidArgumentError if `schedule` is no function or returns no number.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> halve = LearningRateScheduler(lambda epoch: 0.5 ** epoch)
        >>> x = keras.ops.zeros((2, 1))
        >>> run = model.fit(x, x, epochs=3, verbose=0, callbacks=[halve])
        >>> run.history["learning_rate"]
        [1.0, 0.5, 0.25]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise InvalidArgumentError(
                explain(
                    "LearningRateScheduler got a bad `schedule`.",
                    expected="a function of the epoch and the current rate",
                    got=repr(schedule)[:80],
                    fix="LearningRateScheduler(lambda epoch, rate: rate * 0.9)",
                )
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        two = _takes_two(self.schedule)
        rate = self.schedule(epoch, learning_rate_of(self.model)) if two else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(
                explain(
                    "LearningRateScheduler: what schedule returns",
                    expected="a number",
                    got=type(rate).__name__,
                )
            ) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = learning_rate_of(self.model)


def _takes_two(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    return True


class ReduceLROnPlateau(Watching, Callback):
    """A learning rate that is lowered when a value no longer improves.

    rate ← max(factor rate, min_lr) after `patience` epochs without an improvement.

    Args:
        monitor: label of the value to watch, as in the logs: 'val_loss', 'accuracy'.
        factor: what the rate is multiplied by, below 1.
        patience: epochs without improvement before the rate is lowered.
        verbose: 1 prints each reduction; 0 nothing.
        mode: 'min' or 'max' says which way is better; 'auto' takes the direction of the
            loss or metric.
        min_delta: how much better a value must be to count, at least 0.
        cooldown: epochs after a reduction in which none is counted.
        min_lr: lower bound of the rate.
    Raises: InvalidArgumentError for numbers out of range; in fit, if 'auto' does not
    know which way is better.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> x, y = keras.ops.zeros((2, 1)), keras.ops.ones((2, 1))  # nothing to learn
        >>> halve = ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1)
        >>> run = model.fit(x, y, epochs=3, verbose=0, callbacks=[halve])
        >>> run.history["learning_rate"]
        [0.5, 0.5, 0.25]
    """

    backed_up = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__()
        numbers = {"factor": factor, "patience": patience, "min_delta": min_delta}
        check_arguments(type(self), {**numbers, "cooldown": cooldown, "min_lr": min_lr})
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._monitor = Monitor(monitor, mode, min_delta)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._monitor.begin(self.model, type(self).__name__)
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is None:
            return
        rate = learning_rate_of(self.model)
        logs["learning_rate"] = rate
        current = self._monitor.value(logs, type(self).__name__)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            # The rate is a float32: compared with a Python float it would stay above its own lower bound.
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                reduced = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = reduced
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose > 0:
                    print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {reduced}.")

    def in_cooldown(self) -> bool:
        """Whether it waits after a reduction."""
        return self.cooldown_counter > 0
