"""ModelCheckpoint: save the model, or its weights, while training."""

from __future__ import annotations

import os
from typing import Any

from layerlab.core.arguments import check_arguments
from layerlab.core.whole_number import whole_number
from layerlab.errors import InvalidArgumentError, explain
from layerlab.events import CheckpointSaved
from layerlab.training.callbacks.callback import Callback
from layerlab.training.callbacks.monitor import Monitor, Watching
from layerlab.typing import Logs, PathLike

__all__ = ["ModelCheckpoint"]

_WEIGHTS = (".weights.h5", ".safetensors")
_MODELS = (".keras", ".h5")


class ModelCheckpoint(Watching, Callback):
    """Files of the model, or its weights, saved while it trains.

    After each epoch, or every so many batches; all of them, or only when a watched
    value improved.

    Args:
        filepath: path of the file, which ends in '.keras' or '.h5', for weights in
            '.weights.h5' or '.safetensors'. It may hold '{epoch}' (from 1), labels such
            as '{val_loss:.2f}', and, where `save_freq` is a number, '{batch}'; without
            them each file replaces the last.
        monitor: label of the value to watch, as in the logs: 'val_loss', 'accuracy'.
        verbose: 1 prints each save; 0 nothing.
        save_best_only: True saves only when the value improved; False always.
        save_weights_only: True saves weights alone; False the whole model with its
            optimizer.
        mode: 'min' or 'max' says which way is better; 'auto' takes the direction of the
            loss or metric.
        save_freq: 'epoch', or a number of batches, counted over all epochs.
        initial_value_threshold: for save_best_only, a value that must be beaten first;
            None for none.
    Raises: InvalidArgumentError for another ending of the path or a label in the path
    that is not in the logs; in fit, if 'auto' does not know which way is better.

    Example:
        >>> import tempfile
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> path = tempfile.mkdtemp() + "/{epoch}.safetensors"
        >>> save = ModelCheckpoint(path, save_weights_only=True)
        >>> x = keras.ops.zeros((2, 1))
        >>> run = model.fit(x, x, epochs=2, verbose=0, callbacks=[save])
        >>> sorted(os.listdir(os.path.dirname(path)))
        ['1.safetensors', '2.safetensors']
    """

    backed_up = ("best", "_batches")

    def __init__(
        self,
        filepath: PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__()
        check_arguments(type(self), {"initial_value_threshold": initial_value_threshold})
        self.filepath = os.fspath(filepath)
        suffixes = _WEIGHTS if save_weights_only else _MODELS
        if not self.filepath.endswith(suffixes):
            raise InvalidArgumentError(
                explain(
                    f"ModelCheckpoint(filepath=..., save_weights_only={save_weights_only})",
                    expected="a path ending in " + " or ".join(f"'{suffix}'" for suffix in suffixes),
                    got=repr(self.filepath)[:80],
                )
            )
        if save_freq != "epoch":
            save_freq = whole_number(save_freq, "ModelCheckpoint(save_freq=...)", 1, or_what=", or 'epoch'")
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self.mode, self.min_delta = mode, 0.0
        self._monitor = Monitor(monitor, mode)
        self._epoch = 0
        self._batches = 0
        if isinstance(save_freq, int):  # only then a batch hook, which makes the loop wait for each step
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if self.save_best_only:
            self._monitor.begin(self.model, type(self).__name__)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _count_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._batches % int(self.save_freq) == 0:
            self._save(self._epoch, logs or {}, batch=batch + 1)

    def _save(self, epoch: int, logs: dict[str, Any], **fields: int) -> None:
        path = self._path(epoch, logs, fields)
        reason = self._reason(logs)
        if reason is None:
            self._tell(epoch, f"{self.monitor} did not improve from {_written(self.best)}")
            return
        self._tell(epoch, f"{reason}saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.report is not None:
            self.report(CheckpointSaved, path=path)
        self._tell(epoch, f"finished saving model to {path}")

    def _reason(self, logs: dict[str, Any]) -> str | None:
        """What to say before 'saving'; None if there is nothing to save."""
        if not self.save_best_only:
            return ""
        current = self._monitor.value(logs, type(self).__name__)
        if current is None:
            return ""  # rather one file too many than none
        if not self._monitor.is_improvement(current, self.best):
            return None
        before, self.best = self.best, current
        return f"{self.monitor} improved from {_written(before)} to {_written(current)}, "

    def _path(self, epoch: int, logs: dict[str, Any], fields: dict[str, int]) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **{**fields, **logs})
        except KeyError as error:
            raise InvalidArgumentError(
                explain(
                    f"ModelCheckpoint's filepath asks for {error}.",
                    expected="one of " + ", ".join(["epoch", *fields, *logs]),
                    got=self.filepath,
                )
            ) from error

    def _tell(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {text}")


def _written(value: float | None) -> str:
    return "None" if value is None else f"{value:.5f}"
