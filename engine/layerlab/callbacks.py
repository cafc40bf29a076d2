"""`layerlab.callbacks`: the public name of `training.callbacks`, and of the one that is about files."""

import layerlab.models  # noqa: F401  first: it makes the package `saving`, which needs parts of it, whole
from layerlab.saving.backup import BackupAndRestore
from layerlab.training.callbacks import *  # noqa: F403
from layerlab.training.callbacks import __all__ as _of_training

__all__ = ["BackupAndRestore", *_of_training]
