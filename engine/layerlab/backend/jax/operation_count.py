"""How much a traced program computes: enough to tell a long step from a short one."""

from __future__ import annotations

from math import prod
from typing import Any

from jax.extend.core import ClosedJaxpr

__all__ = ["operations"]


def operations(program: Any) -> int:
    """About how many floating point operations a Jaxpr takes; a loop without a fixed length counts once."""
    return sum(map(_of_equation, program.eqns))


def _of_equation(equation: Any) -> int:
    inner = sum(map(_of_parameter, equation.params.values()))
    if inner:
        return inner * int(equation.params.get("length") or 1)
    size = sum(prod(getattr(out.aval, "shape", ())) for out in equation.outvars)
    if equation.primitive.name == "dot_general":
        (sums, _), _ = equation.params["dimension_numbers"]
        return 2 * size * prod(equation.invars[0].aval.shape[axis] for axis in sums)
    if equation.primitive.name == "conv_general_dilated":
        kernel, numbers = equation.invars[1].aval.shape, equation.params["dimension_numbers"]
        return 2 * size * prod(kernel) // kernel[numbers.rhs_spec[0]]
    return size


def _of_parameter(parameter: object) -> int:
    if isinstance(parameter, tuple):
        return max(map(_of_parameter, parameter), default=0)
    return operations(parameter.jaxpr) if isinstance(parameter, ClosedJaxpr) else 0
