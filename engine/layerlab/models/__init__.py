"""Models: Functional, Sequential and subclassed. Imports everything below."""

from layerlab.models.functional import Functional, Input
from layerlab.models.model import Model
from layerlab.models.sequential import Sequential

__all__ = ["Functional", "Input", "Model", "Sequential"]
