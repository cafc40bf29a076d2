"""Training: the pure step, the loop that emits events, and the methods compile, fit, evaluate, predict."""

from layerlab.training.control import RunControl

__all__ = ["RunControl"]
