"""What `model.compile` makes of its losses and metrics."""

from layerlab.training.compiled_loss import CompileLoss
from layerlab.training.compiled_metrics import CompileMetrics

__all__ = ["CompileLoss", "CompileMetrics"]
