"""TensorFlow, which only its own two file formats need: imported when one of them is asked for."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["tensorflow"]


def tensorflow() -> Any:
    """The module. Raises: ImportError that says how to install it."""
    imported_before = sys.modules.get("tensorflow")
    try:
        import tensorflow as found
    except ImportError as error:
        raise ImportError(
            "TensorFlow's SavedModel folders and checkpoints need TensorFlow.\n"
            "  Fix: pip install \"layerlab[tensorflow]\"; or save to a path ending in '.keras' or "
            "'.weights.h5', which need nothing."
        ) from error
    if not imported_before:
        found.config.set_visible_devices([], "GPU")  # else it takes all of the memory of a GPU
    return found
