"""Scripts that use models as their users do: each runs unchanged on both back ends, from beginning to end.

A snippet asserts what it expects. All run in this process, for starting another takes longer than most of
them; what they change for the process is put back.
"""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerlab import config

SNIPPETS = sorted(path.stem for path in (Path(__file__).parent / "snippets").glob("*.py"))


@pytest.fixture
def _fresh_process(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty working folder; warnings, settings and random numbers as a new interpreter has them."""
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        yield
    config.set_dtype_policy("float32")
    config.set_floatx("float32")
    config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("_fresh_process")
@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet(backend: str, name: str) -> None:
    runpy.run_path(str(Path(__file__).parent / "snippets" / f"{name}.py"), run_name="__main__")
