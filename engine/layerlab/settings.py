"""Process-wide settings: back end, default float type, epsilon, image data format.

The order of precedence is: a call of `layerlab.config.set_*`, then the environment
(`LAYERLAB_BACKEND`, `LAYERLAB_FLOATX`), then `layerlab.json` in `$LAYERLAB_HOME` (by default
`~/.layerlab`), then the defaults below. The file's keys are Keras':
`{"backend": "jax", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}`.
Imports errors only.
"""

from __future__ import annotations

import json
import math
import numbers
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerlab.errors import ConfigError, InvalidArgumentError, did_you_mean, explain

__all__ = ["BACKENDS", "DATA_FORMATS", "FLOAT_TYPES", "Settings", "choose", "home", "positive", "settings"]

BACKENDS = ("jax", "torch", "numpy")
FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")


@dataclass
class Settings:
    """The current values; change them through `layerlab.config`."""

    backend: str = "jax"
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"


def home() -> Path:
    """The folder for the settings file and caches."""
    return Path(os.environ.get("LAYERLAB_HOME") or Path.home() / ".layerlab")


def choose(value: Any, allowed: tuple[str, ...], what: str) -> str:
    """`value` if it is one of `allowed`, else an InvalidArgumentError that names them."""
    if value not in allowed:
        raise InvalidArgumentError(
            explain(
                f"Unknown {what} {value!r}.{did_you_mean(value, allowed)}",
                expected="one of " + ", ".join(allowed),
            )
        )
    return str(value)


def positive(value: Any, what: str) -> float:
    """`value` as a float if it is a finite number above 0, else an InvalidArgumentError."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) < math.inf:
        raise InvalidArgumentError(
            explain(f"Bad {what}.", expected="a positive number", got=repr(value)[:80])
        )
    return float(value)


def _load() -> Settings:
    loaded = Settings()
    path = home() / "layerlab.json"
    if path.is_file():
        _apply(loaded, _read(path), f"In the settings file {path}")
    from_environment = {
        "backend": os.environ.get("LAYERLAB_BACKEND"),
        "floatx": os.environ.get("LAYERLAB_FLOATX"),
    }
    given = {key: value for key, value in from_environment.items() if value}
    _apply(loaded, given, "In the environment (LAYERLAB_BACKEND, LAYERLAB_FLOATX)")
    return loaded


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text())
        if not isinstance(values, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise ConfigError(
            explain(f"The settings file {path} cannot be read: {error}.", fix="mend or delete it")
        ) from error
    return values


def _apply(loaded: Settings, values: dict[str, Any], where: str) -> None:
    try:
        for key, value in values.items():
            if key not in _CHECKS:
                raise InvalidArgumentError(f"Unknown key '{key}'.{did_you_mean(key, _CHECKS)}")
            setattr(loaded, key, _CHECKS[key](value))
    except InvalidArgumentError as error:
        raise ConfigError(f"{where}: {error}") from error


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "backend": lambda value: choose(value, BACKENDS, "back end"),
    "floatx": lambda value: choose(value, FLOAT_TYPES, "float type"),
    "epsilon": lambda value: positive(value, "epsilon"),
    "image_data_format": lambda value: choose(value, DATA_FORMATS, "image data format"),
}

settings = _load()
