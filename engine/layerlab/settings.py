"""Process-wide settings: back end, default float type, epsilon, image data format, compilation cache.

The order of precedence is: a call of `layerlab.config.set_*`, then the environment (`LAYERLAB_BACKEND`,
`LAYERLAB_FLOATX`, `LAYERLAB_COMPILATION_CACHE`), then `layerlab.json` in `$LAYERLAB_HOME` (by default
`~/.layerlab`), then the defaults below. The file's keys are Keras':
`{"backend": "jax", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}`, and
`"compilation_cache": "on"` or `"off"`: whether compiled programs are kept in that folder.
Imports errors and numeric only.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerlab.errors import ConfigError, InvalidArgumentError, did_you_mean, explain
from layerlab.numeric import is_number

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
    compilation_cache: str = "on"


def home() -> Path:
    """The folder for the settings file and caches."""
    return Path(os.environ.get("LAYERLAB_HOME") or Path.home() / ".layerlab")


def choose(value: object, allowed: tuple[str, ...], what: str) -> str:
    """`value` if it is one of `allowed`, else an InvalidArgumentError that names them."""
    if value not in allowed:
        raise InvalidArgumentError(
            explain(
                f"Unknown {what} {value!r}.{did_you_mean(value, allowed)}",
                expected="one of " + ", ".join(allowed),
            )
        )
    return str(value)


def positive(value: object, what: str) -> float:
    """`value` as a float if it is a finite number above 0, else an InvalidArgumentError."""
    if not is_number(value) or not 0 < float(value) < math.inf:
        raise InvalidArgumentError(
            explain(f"Bad {what}.", expected="a positive number", got=repr(value)[:80])
        )
    return float(value)


def _load() -> Settings:
    loaded = Settings()
    path = home() / "layerlab.json"
    if path.is_file():
        _apply(loaded, _read(path), f"In the settings file {path}")
    for key in ("backend", "floatx", "compilation_cache"):
        variable = f"LAYERLAB_{key.upper()}"
        if value := os.environ.get(variable):
            _apply(loaded, {key: value}, f"In the environment variable {variable}")
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
    "compilation_cache": lambda value: choose(value, ("on", "off"), "compilation cache"),
}

settings = _load()
