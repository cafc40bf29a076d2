"""A run as its log has it, for when the process that trained is gone.

As a program, `python -m layerlab_jupyter.run_log.logged_run FOLDER RUN_ID` prints the final output of such a
run as JSON: the Jupyter server calls it (`layerlab_server`), because a server must not load the engine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from layerlab.training.control import RunControl
from layerlab_jupyter.registry import Run
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.run_log.log_reader import find_log, read_log
from layerlab_jupyter.static_outputs.mime_bundles import final_bundle

__all__ = ["logged_run"]


def logged_run(folder: Path | None, run_id: str) -> Run | None:
    """The run of this id as its log in `folder` has it, or None."""
    path = find_log(folder, run_id)
    return None if path is None else Run(run_id, read_log(path, run_id), RunControl(), model_id="")


def main(working_folder: str, run_id: str) -> None:
    """Print the final output of a run that was trained in this folder; 'null' if it is none, or goes on."""
    run = logged_run(log_folder(Path(working_folder)), run_id)
    is_over = run is not None and run.recorder.status not in ("running", "paused")
    json.dump(final_bundle(run) if run is not None and is_over else None, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
