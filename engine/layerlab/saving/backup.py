"""BackupAndRestore: a run that was interrupted goes on as if nothing had happened.

What makes it go on to the last bit is gathered here; docs/decisions/012-resuming.md says why each part is
needed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from layerlab.core.pickling import nothing
from layerlab.core.seed import process_randomness, set_process_randomness
from layerlab.core.variable import Variable
from layerlab.core.whole_number import whole_number
from layerlab.errors import DataError, InvalidArgumentError, LayerlabError, UnsupportedError, explain
from layerlab.saving.backup_file import Backup, read_backup, write_backup
from layerlab.saving.replace_file import as_path
from layerlab.training.callbacks import Callback
from layerlab.training.loop import FitRun, RunPlace
from layerlab.training.stepping.state_layout import StateLayout
from layerlab.typing import Logs, PathLike

__all__ = ["BackupAndRestore"]

_LATEST, _PREVIOUS = "latest.backup", "previous.backup"


class BackupAndRestore(Callback):
    """Backups of a run of fit, from which the same call goes on after an interruption.

    It ends with the same weights, optimizer state and History, to the last bit, as a
    run that was never interrupted: what dropout drops, the order of the data, metrics
    and the other callbacks go on as well. A generator is run through again up to its
    place, so pass a new one. The data themselves, and what a PyDataset or a callback of
    your own keeps for itself (but see `Callback.backed_up`), are not kept.

    Args:
        backup_dir: folder of this run's backups; made if it is not there.
        save_freq: 'epoch', or a number of batches; where many run as one program, a
            backup follows the one in which the number is reached. False makes none, and
            goes on from one that is there.
        double_checkpoint: True keeps the backup before the latest too, for the case
            that the latest is damaged.
        delete_checkpoint: True removes the backups when fit ends normally; False keeps
            them, so that a further call goes on where it ended.
    Raises: InvalidArgumentError for no path or another save_freq; in fit, DataError,
    ShapeError ... for a damaged backup, and one of another model.

    Example:
        >>> import tempfile
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> keep = BackupAndRestore(tempfile.mkdtemp(), delete_checkpoint=False)
        >>> x = keras.ops.zeros((2, 1))
        >>> for epochs in (2, 5):  # the second goes on from the end of the first
        ...     run = model.fit(x, x, epochs=epochs, verbose=0, callbacks=[keep])
        >>> int(model.optimizer.iterations)
        5
    """

    runs_last = True  # a backup has what the other callbacks made of the same epoch
    takes_lazy_logs = True
    _not_copied: ClassVar[dict[str, Any]] = {"_run": nothing}

    def __init__(
        self,
        backup_dir: PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise InvalidArgumentError(explain("BackupAndRestore(backup_dir=...)", expected="a path"))
        if save_freq != "epoch" and save_freq is not False:
            what = "BackupAndRestore(save_freq=...)"
            save_freq = whole_number(save_freq, what, 1, or_what=", 'epoch' or False")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._folder = as_path(backup_dir, "BackupAndRestore")
        self._run: FitRun | None = None
        self._to_resume: tuple[Backup, RunPlace] | None = None  # until its epoch begins
        self._saved_at = 0
        if save_freq and save_freq != "epoch":
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def attach_run(self, run: FitRun) -> None:
        """Called by fit, whose place in epochs and data is part of a backup."""
        self._run = run

    # -- hooks ----------------------------------------------------------------------------------------

    def on_train_begin(self, logs: object = None) -> None:
        self._to_resume, self._saved_at = None, 0
        if self._run is None:
            raise UnsupportedError(explain("BackupAndRestore works in Model.fit only."))
        backup = self._read()
        if backup is not None:
            with _saying_what_to_do(self._folder):
                self._resume(self._run, backup)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if self._to_resume is not None:  # in mid-epoch: undo what the beginning of an epoch has changed
            backup, _ = self._to_resume
            self._restore(backup)
            self._to_resume = None

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        assert self._run is not None
        place = self._run.place({})
        if place.step - self._saved_at >= int(self.save_freq):
            self._save(dataclasses.replace(place, logs=dict(logs or {})))

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if self.save_freq == "epoch":
            assert self._run is not None
            self._save(dataclasses.replace(self._run.place({}), epoch=epoch + 1, epoch_step=0))

    def on_train_end(self, logs: object = None) -> None:
        if self.delete_checkpoint:
            for name in (_LATEST, _PREVIOUS):
                (self._folder / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not there, or others keep something in it
                self._folder.rmdir()

    # -- saving ---------------------------------------------------------------------------------------

    def _save(self, place: RunPlace) -> None:
        self._saved_at = place.step
        facts = {
            "place": dataclasses.asdict(place),
            "optimizer": type(self.model.optimizer).__name__,
            "callbacks": {name: each.backup_state() for name, each in self._others().items()},
            "process": process_randomness(),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        latest = self._folder / _LATEST

        def keep_previous() -> None:
            if self.double_checkpoint and latest.exists():
                os.replace(latest, self._folder / _PREVIOUS)

        write_backup(latest, facts, self._variables(place.epoch_step > 0), keep_previous)

    # -- restoring ------------------------------------------------------------------------------------

    def _read(self) -> Backup | None:
        """The latest backup, or the one before if that is damaged or gone; None if there is none."""
        latest, previous = self._folder / _LATEST, self._folder / _PREVIOUS
        if not previous.exists():
            if not latest.exists():
                return None
            with _saying_what_to_do(self._folder):
                return read_backup(latest)
        try:
            return read_backup(latest)
        except (OSError, DataError) as error:
            if not isinstance(error, FileNotFoundError):
                warnings.warn(f"The run goes on from the backup before the latest: {error}", stacklevel=2)
            with _saying_what_to_do(self._folder):
                return read_backup(previous)

    def _resume(self, run: FitRun, backup: Backup) -> None:
        place, optimizer = _place_in(backup.facts), type(self.model.optimizer).__name__
        if backup.facts.get("optimizer") != optimizer:
            before = str(backup.facts.get("optimizer"))[:40]
            raise DataError(explain("The backup is of another optimizer.", expected=before, got=optimizer))
        backup.check_fits(self._variables(place.epoch_step > 0))
        try:
            run.go_on_at(place)
        except DataError as error:
            warnings.warn(
                f"The run goes on with the weights of {self._folder}, but not at its place in the data: "
                f"epoch {place.epoch + 1} begins at the beginning. {error}",
                stacklevel=2,
            )
            run.go_on_from(place.epoch, place.step)
            self._restore(backup)
        else:
            self._restore(backup)
            self._to_resume = (backup, place) if place.epoch_step else None
        self._saved_at = place.step

    def _restore(self, backup: Backup) -> None:
        facts = backup.facts
        backup.assign(self._variables(_place_in(facts).epoch_step > 0))
        for name, callback in self._others().items():
            state = facts["callbacks"].get(name)
            if state is not None:
                callback.restore_state(state)
        set_process_randomness(facts["process"])

    # -- what there is --------------------------------------------------------------------------------

    def _variables(self, with_metrics: bool) -> dict[str, Variable]:
        """By group and number: names differ where a model is made a second time in one process."""
        model = self.model
        metrics = [v for metric in model.metrics for v in metric.variables] if with_metrics else []
        layout = StateLayout.of(
            trainable=model.trainable_variables,
            non_trainable=model.non_trainable_variables,
            optimizer=model.optimizer.variables,
            other_optimizers=[v for other in model._stepper.other_optimizers() for v in other.variables],
            metrics=metrics,
        )
        return {
            f"{group}/{number}": variable
            for group, keyed in layout.groups.items()
            for number, variable in enumerate(keyed.values())
        }

    def _others(self) -> dict[str, Any]:
        """The callbacks that have something to keep, by class and count."""
        assert self._run is not None
        named: dict[str, Any] = {}
        counts: dict[str, int] = {}
        for callback in self._run.callbacks.callbacks:
            kind = type(callback).__name__
            counts[kind] = counts.get(kind, 0) + 1
            if callback is not self and hasattr(callback, "backup_state"):
                named[f"{kind}#{counts[kind]}"] = callback
        return named


@contextlib.contextmanager
def _saying_what_to_do(folder: Path) -> Iterator[None]:
    """Errors say that it is about a backup, and how to go on without it."""
    try:
        yield
    except (LayerlabError, KeyError, TypeError, ValueError, AttributeError) as error:
        kind = type(error) if isinstance(error, LayerlabError) else DataError
        fix = "train the model that the backup is of, or delete the folder to begin anew"
        raise kind(f"The backup in {folder} cannot be used: {error}\n  Fix: {fix}.") from error


def _place_in(facts: Mapping[str, Any]) -> RunPlace:
    place = RunPlace(**facts["place"])
    numbers = (place.epoch, place.epoch_step, place.step)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise DataError(explain("The place in a backup is damaged.", got=str(numbers)[:80]))
    if not isinstance(place.data, dict) or not isinstance(place.logs, dict):
        raise DataError(explain("The place in a backup is damaged."))
    return place
