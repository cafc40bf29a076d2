"""layerlab in Jupyter: the live training monitor, the model graph, and the messages behind them.

The engine finds this package by itself (entry point `layerlab.frontends`). What a notebook may want to call:
`runs()` and `run()`, what was trained in this folder, as tables; `LiveFit`, options of the monitor;
`run_control()`, to steer a run from another thread; `show(model)` in the middle of a cell.
"""

from importlib.metadata import PackageNotFoundError, version

from layerlab_jupyter.live_fit import LiveFit, run_control
from layerlab_jupyter.magics import load_ipython_extension, unload_ipython_extension
from layerlab_jupyter.run_history import RunHistory, run, runs
from layerlab_jupyter.show_model import show

__all__ = [
    "LiveFit",
    "RunHistory",
    "__version__",
    "load_ipython_extension",
    "run",
    "run_control",
    "runs",
    "show",
    "unload_ipython_extension",
]

try:
    __version__ = version("layerlab")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+unknown"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the built lab extension."""
    return [{"src": "labextension", "dest": "layerlab-jupyter"}]
