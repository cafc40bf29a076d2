"""Saving where it cannot be, and by two processes at once: an error or a whole file, nothing left over."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras

FORMATS = ["m.keras", "m.h5", "m.weights.h5", "m.safetensors"]
NOBODY = 65534


def dense(units: int = 2) -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])


def save(model: Any, path: Path) -> None:
    is_model = path.name in ("m.keras", "m.h5")
    (model.save if is_model else model.save_weights)(path)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write in the folder; root, who always may, is somebody else meanwhile."""
    mode, user = folder.stat().st_mode, os.geteuid()
    folder.chmod(0o555)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(mode)


@pytest.mark.parametrize("name", FORMATS)
def test_a_read_only_folder_keeps_the_old_file(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # tmp_path lies in a folder of the user's alone
        _check_read_only(Path(folder), name)


def _check_read_only(folder: Path, name: str) -> None:
    path = folder / name
    save(dense(), path)
    before = path.read_bytes()
    with read_only(folder), pytest.raises(OSError, match=r"Permission|not permitted|Read-only"):
        save(dense(7), path)
    assert path.read_bytes() == before
    assert os.listdir(folder) == [name]


SCRIPT = """
import sys
import layerlab as keras
units, *paths = sys.argv[1:]
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(int(units), kernel_initializer="ones")])
sys.stdin.readline()
for _ in range(15):
    model.save(paths[0])
    model.save_weights(paths[1])
"""


@pytest.mark.slow
def test_two_processes_on_one_path_end_with_one_whole_file(tmp_path: Path) -> None:
    paths = [tmp_path / "m.keras", tmp_path / "m.weights.h5"]
    command = [sys.executable, "-c", SCRIPT]
    writers = [
        subprocess.Popen([*command, units, *map(str, paths)], stdin=subprocess.PIPE) for units in ("4", "5")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.close()
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]

    units = keras.models.load_model(paths[0]).layers[0].units
    assert units in (4, 5)
    fitting = []
    for units in (4, 5):
        model = dense(units)
        with contextlib.suppress(ValueError):
            model.load_weights(paths[1])
            np.testing.assert_array_equal(model.layers[0].kernel.numpy(), np.ones((3, units)))
            fitting.append(units)
    assert len(fitting) == 1
    assert sorted(os.listdir(tmp_path)) == ["m.keras", "m.weights.h5"]
