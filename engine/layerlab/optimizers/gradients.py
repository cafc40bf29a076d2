"""Gradients as they come in: counted, checked, and paired with their variables."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.core.variable_values import check_shape
from layerlab.errors import InvalidArgumentError, explain

__all__ = ["Pairs", "present_pairs"]

Pairs = list[tuple[Array, Variable]]


def present_pairs(gradients: Sequence[Any], variables: Sequence[Variable]) -> Pairs:
    """(gradient as an array, variable) without those whose gradient is None, about which it warns.

    Raises: InvalidArgumentError if no gradient is left, ShapeError if one has not its variable's shape.
    """
    pairs = [
        (backend().asarray(gradient), variable)
        for gradient, variable in zip(gradients, variables, strict=True)
        if gradient is not None
    ]
    if not pairs:
        raise InvalidArgumentError(
            explain(
                "No variable has a gradient.", fix="check that the loss depends on the trainable variables"
            )
        )
    for gradient, variable in pairs:
        check_shape(f"The gradient of variable '{variable.path}'", variable, gradient.shape)
    missing = [v.path for gradient, v in zip(gradients, variables, strict=True) if gradient is None]
    if missing:
        warnings.warn(
            f"These variables have no gradient and stay as they are: {', '.join(missing)}. "
            "Does the loss depend on them?",
            stacklevel=4,
        )
    return pairs
