"""History, which fit returns, and CSVLogger, which writes the same to a file."""

from __future__ import annotations

import csv
from typing import Any, ClassVar, TextIO

import numpy as np

from layerlab.core.pickling import nothing
from layerlab.training.callbacks.callback import Callback, standard
from layerlab.typing import Logs, PathLike

__all__ = ["CSVLogger", "History"]


@standard
class History(Callback):
    """The values of each epoch: what fit returns.

    `history` maps each label to a list with one value per epoch, `epoch` lists the
    epochs, from 0. Every fit adds one of its own; passed to a second fit, it goes on
    collecting.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.25), "mse")
        >>> x, y = keras.ops.zeros((2, 1)), keras.ops.ones((2, 1))
        >>> run = model.fit(x, y, epochs=3, verbose=0)
        >>> run.epoch, run.history
        ([0, 1, 2], {'loss': [1.0, 0.25, 0.0625]})
    """

    backed_up = ("history", "epoch")

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []  # a History that is passed to a second fit goes on collecting values, as in Keras

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for label, value in (logs or {}).items():
            self.history.setdefault(label, []).append(value)


class CSVLogger(Callback):
    """A CSV file with a line per epoch.

    Its columns are the epoch and the labels of the logs; labels that an epoch lacks
    become NA.

    Args:
        filename: path of the file.
        separator: text between values, one character.
        append: True goes on in an existing file, whose header is kept; False begins it
            anew.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> log = CSVLogger(tempfile.mkdtemp() + "/log.csv")
        >>> log.on_train_begin()  # fit(callbacks=[log]) calls these
        >>> log.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        >>> log.on_train_end()
        >>> Path(log.filename).read_text().split()
        ['epoch,loss,val_loss', '0,0.5,0.75']
    """

    _not_copied: ClassVar[dict[str, Any]] = {"_file": nothing, "_writer": nothing}

    def __init__(self, filename: PathLike, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = filename
        self.separator = separator
        self.append = append
        self._file: TextIO | None = None
        self._writer: Any = None
        self._labels: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_train_end()  # of a run that failed
        self._file = open(self.filename, "a+" if self.append else "w+", newline="", encoding="utf-8")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        assert self._file is not None
        logs = logs or {}
        if self._writer is None:
            self._open_writer(list(logs))
        row = {label: logs.get(label, "NA") for label in self._labels}
        plain = {
            label: value.tolist() if isinstance(value, np.ndarray) else value for label, value in row.items()
        }
        self._writer.writerow({"epoch": epoch, **plain})
        self._file.flush()

    def backup_state(self) -> dict[str, Any]:
        assert self._file is not None
        self._file.seek(0)  # writing goes to the end again, which is where reading leaves off
        return {"text": self._file.read(), "labels": self._labels if self._writer is not None else None}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Let the file be as it was: without what was written after the backup."""
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(state["text"])
        self._file.flush()
        self._writer = None
        if state["labels"] is not None:
            self._labels = list(state["labels"])
            self._writer = self._make_writer()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None

    def _open_writer(self, labels: list[str]) -> None:
        assert self._file is not None
        self._labels = sorted(labels)
        if not any(label.startswith("val_") for label in labels):  # a later epoch may be validated
            self._labels += [f"val_{label}" for label in self._labels]
        self._file.seek(0)
        header = self._file.readline().strip() if self.append else ""
        if header:
            self._labels = header.split(self.separator)[1:]
        self._file.seek(0, 2)
        self._writer = self._make_writer()
        if not header:
            self._writer.writeheader()

    def _make_writer(self) -> Any:
        assert self._file is not None
        return csv.DictWriter(self._file, ["epoch", *self._labels], delimiter=self.separator)
