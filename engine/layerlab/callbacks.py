"""`layerlab.callbacks`: the public name of `training.callbacks`."""

from layerlab.training.callbacks import *  # noqa: F403
from layerlab.training.callbacks import __all__ as __all__
