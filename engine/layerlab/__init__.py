"""layerlab: build, train and understand neural networks. `import layerlab as keras` and go on."""

from layerlab import (
    activations,
    callbacks,
    config,
    constraints,
    datasets,
    dtype_policies,
    frontends,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    utils,
)
from layerlab.core.context import name_scope
from layerlab.core.function import Function
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor, Operation
from layerlab.core.variable import Variable
from layerlab.dtypes import DTypePolicy
from layerlab.exports import export_names as _export_names
from layerlab.initializers import Initializer
from layerlab.layers import Input
from layerlab.losses import Loss
from layerlab.metrics import Metric
from layerlab.models import Model, Sequential
from layerlab.optimizers import Optimizer
from layerlab.regularizers import Regularizer

__version__ = "0.1.0"

__all__ = [
    "DTypePolicy",
    "Function",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "activations",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
]

for _family in (activations, constraints, initializers, layers, losses, metrics, random, regularizers):
    _export_names(_family)
_export_names(ops, "image", "linalg", "nn")
_export_names(optimizers, "schedules")
_export_names(optimizers.schedules)

frontends.begin()
