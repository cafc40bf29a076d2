"""Every notebook runs from top to bottom with no front end, on both back ends, and leaves readable output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 60_000  # of one run's or model's output


def execute(path: Path, folder: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_headless(
    path: Path, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAYERLAB_BACKEND", backend)
    bundles = [
        output.data
        for cell in execute(path, tmp_path).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if any("layerlab" in mime for mime in output.get("data", {}))
    ]
    assert bundles, "the notebook shows no run and no model"
    for bundle in bundles:
        assert "<svg" in bundle["text/html"] and bundle["text/plain"]
        assert sum(len(str(value)) for value in bundle.values()) < MOST_BYTES


def test_there_are_notebooks_and_they_are_saved_without_output() -> None:
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        assert not any(cell.get("outputs") for cell in cells), f"{path.name}: clear its outputs"
