"""Process-wide settings: back end, default float type, epsilon, image data format.

The order of precedence is: a call of `layerlab.config.set_*`, then the environment
(`LAYERLAB_BACKEND`, `LAYERLAB_FLOATX`), then `layerlab.json` in `$LAYERLAB_HOME` (by default
`~/.layerlab`), then the defaults below. The file's keys are Keras':
`{"backend": "jax", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}`.
Imports errors only.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerlab.errors import ConfigError, InvalidArgumentError, did_you_mean, explain

__all__ = ["BACKENDS", "FLOAT_TYPES", "Settings", "choose", "home", "settings"]

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
            explain(f"Unknown {what} {value!r}.{did_you_mean(value, allowed)}", expected="one of " + ", ".join(allowed))
        )
    return str(value)


def _load() -> Settings:
    loaded = Settings()
    path = home() / "layerlab.json"
    if path.is_file():
        _apply_file(loaded, path)
    loaded.backend = choose(os.environ.get("LAYERLAB_BACKEND") or loaded.backend, BACKENDS, "back end")
    loaded.floatx = choose(os.environ.get("LAYERLAB_FLOATX") or loaded.floatx, FLOAT_TYPES, "float type")
    return loaded


def _apply_file(loaded: Settings, path: Path) -> None:
    try:
        values = json.loads(path.read_text())
        if not isinstance(values, dict):
            raise ValueError("not a JSON object")
    except (OSError, ValueError) as error:
        raise ConfigError(explain(f"The settings file {path} cannot be read: {error}.", fix="mend or delete it")) from error
    loaded.backend = choose(values.get("backend", loaded.backend), BACKENDS, "back end")
    loaded.floatx = choose(values.get("floatx", loaded.floatx), FLOAT_TYPES, "float type")
    loaded.image_data_format = choose(
        values.get("image_data_format", loaded.image_data_format), DATA_FORMATS, "image data format"
    )
    loaded.epsilon = float(values.get("epsilon", loaded.epsilon))


settings = _load()
