"""A checkpoint on demand: the model as it is between two steps, in a file of its own.

Asks the model to save itself, so that it knows no format and imports nothing of `saving`.
"""

from __future__ import annotations

import os
import re
from typing import Any

__all__ = ["FOLDER", "save_snapshot"]

FOLDER = "checkpoints"
_WEIGHTS = (".weights.h5", ".safetensors")
_LONGEST_NAME = 60


def save_snapshot(model: Any, path: str | None, run_id: str, step: int) -> tuple[str, str]:
    """Write the whole model, with its optimizer; its weights alone where a part of it has no config.

    Args:
        path: where to; one that ends in '.weights.h5' or '.safetensors' gets the weights. None makes
            'checkpoints/<model>-<run id>-step-<step>.keras' below the working folder.
    Returns: the path of the file, and why it holds the weights alone, '' if that was not to be explained.
    Raises: OSError; what the model raises if a `path` that is for a whole one cannot get it.
    """
    target = path or os.path.join(FOLDER, f"{_file_name(model.name)}-{run_id}-step-{step}.keras")
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    if target.endswith(_WEIGHTS):
        model.save_weights(target, overwrite=True)
        return target, ""
    try:
        model.save(target, overwrite=True)
    except Exception as error:  # the configs of the person's own layers may raise anything
        if path is not None or isinstance(error, OSError):
            raise
        weights = target.removesuffix(".keras") + _WEIGHTS[0]
        model.save_weights(weights, overwrite=True)
        return weights, f"the weights alone, because the model cannot be saved whole: {error}"
    return target, ""


def _file_name(name: str) -> str:
    """A model's name as part of a file's: it may hold anything."""
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:_LONGEST_NAME] or "model"
