"""Settings of the process: file, environment, calls, and what a wrong value says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PRINT = """
from layerlab.settings import settings as s
print(s.backend, s.floatx, s.epsilon, s.image_data_format, sep=",")
"""


def run(home: Path, code: str = PRINT, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh process with `home` as the settings folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LAYERLAB_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "LAYERLAB_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def write(home: Path, content: Any) -> None:
    (home / "layerlab.json").write_text(content if isinstance(content, str) else json.dumps(content))


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert run(tmp_path).stdout.strip() == "jax,float32,1e-07,channels_last"


@pytest.mark.slow
def test_the_file_is_read_and_the_environment_comes_before_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"backend": "numpy", "floatx": "float16", "epsilon": 1e-5, "image_data_format": "channels_first"},
    )
    assert run(tmp_path).stdout.strip() == "numpy,float16,1e-05,channels_first"
    result = run(tmp_path, LAYERLAB_BACKEND="torch", LAYERLAB_FLOATX="float64")
    assert result.stdout.strip() == "torch,float64,1e-05,channels_first"


def test_a_file_with_some_keys_leaves_the_other_defaults(tmp_path: Path) -> None:
    write(tmp_path, {"epsilon": 0.001})
    assert run(tmp_path).stdout.strip() == "jax,float32,0.001,channels_last"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{not json", ["layerlab.json", "cannot be read", "mend or delete it"]),
        ("[1]", ["layerlab.json", "not a JSON object"]),
        (
            {"backend": "jaxx"},
            ["layerlab.json", "Unknown back end 'jaxx'", "Did you mean 'jax'", "one of jax, torch, numpy"],
        ),
        ({"floatx": 32}, ["layerlab.json", "Unknown float type 32"]),
        ({"epsilon": "small"}, ["layerlab.json", "epsilon", "a positive number"]),
        ({"image_data_format": ["channels_last"]}, ["layerlab.json", "image data format"]),
        ({"bakend": "torch"}, ["layerlab.json", "Unknown key 'bakend'", "Did you mean 'backend'"]),
    ],
)
def test_a_bad_settings_file_is_named_with_what_is_wrong(
    tmp_path: Path, content: Any, words: list[str]
) -> None:
    write(tmp_path, content)
    result = run(tmp_path)
    assert result.returncode != 0
    for word in words:
        assert word in result.stderr, result.stderr


def test_a_bad_environment_variable_is_named(tmp_path: Path) -> None:
    result = run(tmp_path, LAYERLAB_BACKEND="tensorflow")
    assert result.returncode != 0
    assert "LAYERLAB_BACKEND" in result.stderr and "one of jax, torch, numpy" in result.stderr


@pytest.mark.slow
def test_the_back_end_of_the_environment_is_the_one_that_is_imported(tmp_path: Path) -> None:
    code = "import sys, layerlab; layerlab.ops.zeros(1); print('torch' in sys.modules, 'jax' in sys.modules)"
    assert run(tmp_path, code, LAYERLAB_BACKEND="torch").stdout.split() == ["True", "False"]
    assert run(tmp_path, code, LAYERLAB_BACKEND="jax").stdout.split() == ["False", "True"]
