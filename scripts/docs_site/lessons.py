"""The notebooks, executed: what their cells show stands in the site. Unchanged ones are kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def write(notebooks: Path, target: Path, kept: Path) -> None:
    """Put each notebook of a folder with its outputs into another.

    Args:
        notebooks: folder of the notebooks, which stay as they are.
        target: where the executed ones go.
        kept: folder of those that were executed before, by the hash of their source.
    """
    target.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    for file in sorted(notebooks.glob("*.ipynb")):
        source = file.read_text()
        known = kept / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}-{file.name}"
        if not known.exists():
            known.write_text(_executed(source))
        (target / file.name).write_text(known.read_text())


def _executed(source: str) -> str:
    notebook = nbformat.reads(source, as_version=4)
    with tempfile.TemporaryDirectory() as folder:  # its log of runs and its files go with it
        os.environ.pop("LAYERLAB_RUNS", None)
        NotebookClient(
            notebook,
            timeout=300,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no word on how the kernel is reached
            resources={"metadata": {"path": folder}},
        ).execute()
    return str(nbformat.writes(notebook))
