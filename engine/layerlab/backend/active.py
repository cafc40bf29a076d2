"""Which back end is in use. Looked up at each call, so that tests can switch within one process."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from layerlab.backend.protocol import Backend
from layerlab.errors import BackendError, explain
from layerlab.settings import BACKENDS, choose, settings

__all__ = ["backend", "use"]

if TYPE_CHECKING:
    from layerlab.backend import jax, numpy, torch

    _checked: tuple[Backend, ...] = (jax, numpy, torch)  # each module has the contract's names and types

_loaded: dict[str, Backend] = {}


def backend() -> Backend:
    """The active back end, imported on first use."""
    found = _loaded.get(settings.backend)
    return found if found is not None else _load(settings.backend)


def use(name: str) -> None:
    """Make `name` ('jax', 'torch' or 'numpy') the back end of what is built from now on."""
    _load(choose(name, BACKENDS, "back end"))
    settings.backend = name


def _load(name: str) -> Backend:
    try:
        # The one import by name in the project: a back end nobody uses must not be imported.
        module: Any = importlib.import_module(f"layerlab.backend.{name}")
    except ModuleNotFoundError as error:
        if error.name not in ("jax", "jaxlib", "torch"):
            raise
        raise BackendError(
            explain(f"The {name} back end needs the package '{error.name}'.", fix=f"pip install {error.name}")
        ) from error
    _loaded[name] = module
    return module
