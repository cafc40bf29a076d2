"""`runs()` and `run()`: what was trained in this folder, as tables for Python.

They read this process' memory and the logs on disk, and work in a notebook, in a script, and when the kernel
that trained is gone.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layerlab.errors import UnknownNameError, explain
from layerlab_jupyter.recording.run_progress import Summary
from layerlab_jupyter.recording.run_recorder import RunRecorder, RunStatus
from layerlab_jupyter.recording.thinning import Part, StepBlock, joined
from layerlab_jupyter.registry import registry
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.run_log.log_reader import find_log, read_log, summaries

if TYPE_CHECKING:
    import pandas

__all__ = ["RunHistory", "run", "runs"]


def runs(folder: str | Path | None = None) -> pandas.DataFrame:
    """A table of what was trained in this folder and process: a row for each run.

    The newest is first. It reads the logs on disk as well: also in a script, and when
    the kernel that trained is gone. Columns: `model`, `status`, `started` (local time),
    `seconds`, `epochs` (finished), `steps`, `optimizer`, `learning_rate` (the first),
    `batch_size`, `parameters`, `backend`, `model_class`; the logs of the last finished
    epoch (`loss`, `val_loss` ...); `kernel_id`, and `path` of the log. `status` is
    'running', 'paused', 'stopped', 'failed', 'finished', or 'lost' when the process
    ended before the run did.

    Args:
        folder: where the logs are; None is where this process writes its own (see
            `LAYERLAB_RUNS`).
    Returns: a pandas DataFrame, indexed by run id.
    Raises: ImportError without pandas.

    Example:
        >>> import layerlab_jupyter, tempfile
        >>> with tempfile.TemporaryDirectory() as empty:
        ...     layerlab_jupyter.runs(empty).columns[:3].tolist()
        ['model', 'status', 'started']
    """
    pandas = _pandas()
    rows = [_row(summary) for summary in _summaries(folder)]
    columns = list(dict.fromkeys(name for row in rows or [_row(_NOTHING)] for name in row))
    last = ["kernel_id", "path"]
    table = pandas.DataFrame(rows, columns=[name for name in columns if name not in last] + last)
    return table.set_index("run_id")


def run(run_id: str | None = None, folder: str | Path | None = None) -> RunHistory:
    """The recorded history of one run: its steps, epochs and events.

    Args:
        run_id: as `runs()` lists it; None is the newest.
        folder: where the logs are; None is where this process writes its own.
    Returns: a RunHistory.
    Raises: UnknownNameError if there is no such run.

    Example:
        >>> import layerlab as keras, layerlab_jupyter as lab, numpy as np
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> watch = [lab.LiveFit(log=False)]
        >>> _ = model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=3, verbose=0, callbacks=watch)
        >>> lab.run().epochs["step"].tolist()
        [1, 2, 3]
    """
    if run_id is None:
        newest = _summaries(folder)
        if not newest:
            raise UnknownNameError(
                explain("There is no run yet.", fix="train a model, or name the logs' folder")
            )
        run_id = newest[0].run_id
    live = None if folder is not None else registry.run(run_id)
    if live is not None:
        return RunHistory(run_id, live.recorder)
    path = find_log(_folder(folder), run_id)
    if path is None:
        raise UnknownNameError(
            explain("There is no such run.", got=repr(run_id)[:80], fix="layerlab_jupyter.runs() lists them")
        )
    return RunHistory(run_id, read_log(path, run_id))


@dataclass(frozen=True, eq=False)
class RunHistory:
    """What happened in one run, as tables: `steps`, `epochs`, and `events`.

    `run()` gives it. Of a run of this process each look is up to date.

    Args:
        run_id: as `runs()` lists it.
        recorder: what holds the run's events.

    Example:
        >>> history = layerlab_jupyter.run()  # doctest: +SKIP
        >>> history.epochs[["loss", "val_loss"]].plot()  # doctest: +SKIP
    """

    run_id: str
    recorder: RunRecorder

    def __repr__(self) -> str:
        return f"RunHistory({self.run_id!r}, model={self.recorder.model_name!r}, status={self.status!r})"

    @property
    def status(self) -> RunStatus:
        """What became of the run: 'running', 'finished' ..., as in `runs()`."""
        return self.recorder.status

    @property
    def steps(self) -> pandas.DataFrame:
        """One row a step, indexed by its number: `epoch`, and each log.

        Logs are running means over the epoch; `batch_loss` is the loss of that batch alone. Of a run that is
        larger than its room (64 MB of memory while it is live, 32 MB of log) the older steps are thinned, to
        those that draw the same curves.
        """
        pandas = _pandas()
        blocks = [part for part in self._parts() if isinstance(part, StepBlock)]
        if not blocks:
            return pandas.DataFrame({"epoch": []}, dtype="int64").rename_axis("step")
        steps, values, is_there = joined(blocks)
        epochs = np.repeat([block.epoch for block in blocks], [len(block.steps) for block in blocks])
        columns = {label: np.where(is_there[label], column, np.nan) for label, column in values.items()}
        return pandas.DataFrame({"epoch": epochs, **columns}, index=steps).rename_axis("step")

    @property
    def epochs(self) -> pandas.DataFrame:
        """A table with a row for each finished epoch: `step`, `seconds`, and each log.

        It is indexed by the epoch's number, from 0.
        """
        rows = [
            {**{name: event[name] for name in _OF_EPOCHS}, **_floats(event["logs"])}
            for event in self.events
            if event["type"] == "epoch_finished"
        ]
        table = _pandas().DataFrame(rows, columns=None if rows else _OF_EPOCHS)
        return table.set_index("epoch")

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that happened but the steps, in order; fields as in `layerlab.events`."""
        return [part for part in self._parts() if isinstance(part, dict)]

    def _parts(self) -> list[Part]:
        """The whole run: of one that has ended, memory has what charts show, and the log the rest."""
        return (self.recorder if self.recorder.log is None else self._logged).parts()[0]

    @cached_property
    def _logged(self) -> RunRecorder:
        assert self.recorder.log is not None
        try:
            return read_log(self.recorder.log, self.run_id)
        except OSError as error:
            warnings.warn(
                f"The log of run {self.run_id} cannot be read ({error.strerror or type(error).__name__}): "
                "these are the steps and epochs that its charts show, no more.",
                stacklevel=5,
            )
            return self.recorder


_OF_EPOCHS = ["epoch", "step", "seconds"]
_NOTHING = Summary("", "", "", "", "", None, None, 0, "finished", 0.0, 0.0, 0, 0, 0)
_COLUMNS = (
    *("run_id", "model", "status", "started", "seconds", "epochs", "steps"),
    *("optimizer", "learning_rate", "batch_size", "parameters", "backend", "model_class"),
)


def _summaries(folder: str | Path | None) -> list[Summary]:
    """Of memory and disk, newest first; where both have a run, memory knows more."""
    place = _folder(folder)
    logged = {} if place is None else {summary.run_id: summary for summary in summaries(place)}
    if folder is None:
        for known in registry.runs():
            path = logged[known.run_id].path if known.run_id in logged else ""
            summary = known.recorder.summary(path)
            if summary is not None:
                logged[known.run_id] = summary
    return sorted(logged.values(), key=lambda summary: summary.started, reverse=True)


def _folder(folder: str | Path | None) -> Path | None:
    return log_folder() if folder is None else Path(folder)


def _row(summary: Summary) -> dict[str, Any]:
    fields = asdict(summary)
    row = {name: fields[name] for name in _COLUMNS}
    row["started"] = datetime.fromtimestamp(summary.started)
    logs = {label: value for label, value in summary.logs.items() if label not in fields}
    return {**row, **logs, "kernel_id": summary.kernel_id, "path": summary.path}


def _floats(logs: dict[str, Any]) -> dict[str, float]:
    return {label: float(value) for label, value in logs.items()}


def _pandas() -> Any:
    try:
        return importlib.import_module("pandas")
    except ImportError:
        raise ImportError(
            'A table of runs needs pandas. Fix: pip install "layerlab[notebooks]". '
            f"The logs themselves are text, one JSON object a line, in {log_folder()}."
        ) from None
