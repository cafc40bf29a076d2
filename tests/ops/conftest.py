"""The oracle's results, computed once and kept in pytest's cache until the cases or Keras change."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.ops.cases import CASES

_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def expected(pytestconfig: pytest.Config) -> dict[int, Any]:
    """Keras' result for each case, by the case's id."""
    sources = (_HERE / "cases.py").read_bytes() + (_HERE / "oracle.py").read_bytes()
    key = hashlib.sha256(sources + version("keras").encode() + version("numpy").encode()).hexdigest()[:16]
    folder = pytestconfig.cache.mkdir("keras_oracle") if pytestconfig.cache else _HERE
    path = Path(folder) / f"{key}.pickle"
    if not path.exists():
        own = path.with_suffix(f".{os.getpid()}")  # parallel workers must not read half a file
        environment = {**os.environ, "PYTHONPATH": str(_HERE.parents[1]), "PYTHONWARNINGS": "ignore"}
        subprocess.run([sys.executable, "-m", "tests.ops.oracle", str(own)], check=True, env=environment)
        own.replace(path)
    return dict(zip(map(id, CASES), pickle.loads(path.read_bytes()), strict=True))
