"""What several test files share: tolerances by dtype."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["tolerance"]

# About ten roundings of the dtype; float32 is the 1e-5 that numbers are compared with Keras to.
_TOLERANCES = {
    "float64": 1e-10,
    "float32": 1e-5,
    "float16": 2e-3,
    "bfloat16": 2e-2,
}


class Tolerance(TypedDict):
    """What `assert_allclose` takes."""

    rtol: float
    atol: float


def tolerance(dtype: object = "float32", *, scale: float = 1.0) -> Tolerance:
    """`rtol` and `atol` for `numpy.testing.assert_allclose`, by the dtype the numbers were computed in.

    Args:
        dtype: a name or anything whose text ends in one (`np.float32`, `torch.float16`).
        scale: multiplies both, for long sums; say at the call why.
    """
    name = getattr(dtype, "__name__", None) or str(dtype).rsplit(".", maxsplit=1)[-1]
    value = scale * _TOLERANCES.get(name, 0.0)  # integers and booleans must be equal
    return {"rtol": value, "atol": value}
