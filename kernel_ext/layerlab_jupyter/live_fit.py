"""Options of the live monitor for one call of fit, and the way to a run's control from Python."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from layerlab.callbacks import Callback
from layerlab.core.pickling import nothing
from layerlab.errors import InvalidArgumentError, UnknownNameError, explain
from layerlab.events import Listener
from layerlab.training.control import RunControl
from layerlab_jupyter.cells import cell_of_this_thread, running_cell
from layerlab_jupyter.clients import draws_runs
from layerlab_jupyter.commands.control_channel import install
from layerlab_jupyter.kernels import running_kernel
from layerlab_jupyter.monitor import Monitor
from layerlab_jupyter.protocol import MOST_SMOOTHING, ChartOptions
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import Run, registry
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.widgets.host import needs_widget

__all__ = ["LiveFit", "run_control"]

XAxis = Literal["step", "epoch", "time"]


class LiveFit(Callback):
    """A callback that shows and records a run as you ask for, whatever `verbose` says.

    In a notebook `fit` shows its monitor by itself; this callback is for options, for
    `verbose=0`, and for scripts and consoles: there the run is recorded, so that
    `runs()` lists it, and `fit` writes its usual text. While fit runs, `control` is its
    RunControl: `pause()`, `resume()`, `step()`, `stop()`, `set_learning_rate(value)`,
    to be called from any thread. A fit in a background thread is shown in the cell that
    made its LiveFit.

    Args:
        name: what the run is called in the monitor, the log and `runs()`; None is the
            model's name.
        log: whether to write the run's log, or the folder for it; True: see
            `LAYERLAB_RUNS`.
        smoothing: of the curves of batches, 0 (none) to 0.99. Like the arguments below,
            None leaves it to the settings of JupyterLab, and the monitor's controls
            change it.
        x_axis: 'step', 'epoch' or 'time'.
        log_x, log_y: logarithmic axes.
    Raises: InvalidArgumentError for values that are none of these.

    Example:
        >>> live = LiveFit(name="small batches", smoothing=0.6, log_y=True)
        >>> model.fit(x, y, callbacks=[live])  # doctest: +SKIP
    """

    _not_copied: ClassVar[dict[str, Any]] = {"_unshown": nothing}

    def __init__(
        self,
        name: str | None = None,
        log: bool | str | os.PathLike[str] = True,
        smoothing: float | None = None,
        x_axis: XAxis | None = None,
        log_x: bool | None = None,
        log_y: bool | None = None,
    ) -> None:
        super().__init__()
        _check(name is None or (isinstance(name, str) and bool(name.strip())), "name", "text", name)
        _check(isinstance(log, bool | str | os.PathLike) and log != "", "log", "True, False or a folder", log)
        _check(_is_smoothing(smoothing), "smoothing", f"a number from 0 to {MOST_SMOOTHING}", smoothing)
        axes = get_args(XAxis)
        _check(x_axis is None or x_axis in axes, "x_axis", f"one of {axes}", x_axis)
        for label, value in (("log_x", log_x), ("log_y", log_y)):
            _check(value is None or isinstance(value, bool), label, "True or False", value)
        self.name = name
        self.log = log
        self.charts = ChartOptions(smoothing=smoothing, x_axis=x_axis, log_x=log_x, log_y=log_y)
        self._made_in = running_cell()

    def watch_run(self, run_id: str, model: Any, control: RunControl) -> Listener:
        """Record a run, and show it where that is possible; `fit` calls it.

        Args:
            run_id: of the run that begins.
            model: what is trained.
            control: by which the monitor pauses and stops it.
        Returns: the listener that gets the run's events.
        """
        kernel = running_kernel()
        if kernel is not None:
            install(kernel)
        run = Run(run_id, RunRecorder(run_id), control, registry.add_model(model), self.charts)
        shows = kernel is not None and draws_runs()
        return Monitor(
            run,
            registry,
            self._folder(),
            shows=shows,
            name=self.name,
            with_widget=shows and needs_widget(),
            cell=cell_of_this_thread(self._made_in),
        )

    def _folder(self) -> Path | None:
        if isinstance(self.log, bool):
            return log_folder() if self.log else None
        return Path(self.log).expanduser().absolute()


def run_control(run_id: str | None = None) -> RunControl:
    """The control of a run that is going on, to steer it from another thread.

    It has `pause()`, `resume()`, `step()`, `stop()` and `set_learning_rate(value)`.

    Args:
        run_id: as `runs()` lists it; None is the newest that has not ended.
    Returns: a RunControl.
    Raises: UnknownNameError if no such run is going on in this process.

    Example:
        >>> threading.Timer(60, lambda: run_control().stop()).start()  # doctest: +SKIP
    """
    for run in registry.runs():
        if run_id in (None, run.run_id) and not run.recorder.has_ended:
            return run.control
    raise UnknownNameError(
        explain(
            "There is no such run, or it has ended." if run_id else "No run is live in this process.",
            got="" if run_id is None else repr(run_id)[:80],
            fix="call it while fit runs, from another thread; runs that verbose=0 hides need a LiveFit",
        )
    )


def _is_smoothing(value: Any) -> bool:
    if value is None:
        return True
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= MOST_SMOOTHING


def _check(is_right: bool, name: str, expected: str, got: object) -> None:
    if not is_right:
        raise InvalidArgumentError(explain(f"LiveFit: {name}", expected=expected, got=repr(got)[:80]))
