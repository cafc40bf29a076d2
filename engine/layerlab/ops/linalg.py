"""Products and linear algebra over the last two axes of (..., rows, columns)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.ops.common import as_axes, as_axis, is_bool, magnitude
from layerlab.ops.op import op

__all__ = [
    "cdist",
    "cholesky",
    "cholesky_inverse",
    "correlate",
    "cross",
    "det",
    "diff",
    "dot",
    "eigh",
    "einsum",
    "inner",
    "inv",
    "kron",
    "logdet",
    "lstsq",
    "matmul",
    "matrix_rank",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "tensordot",
    "trace",
    "trapezoid",
    "vdot",
]


@op("x1", "x2")
def matmul(x1: Any, x2: Any) -> Array:
    """Matrix product of (..., n, k) and (..., k, m); a vector is a row on the left, a column on the right.

    Products of int8 are summed in int32; those of booleans are booleans.
    """
    if backend().dtype_name(x1) == "int8":
        x1, x2 = backend().cast(x1, "int32"), backend().cast(x2, "int32")
    return _of_numbers(backend().xp.matmul, x1, x2)


@op("x1", "x2")
def dot(x1: Any, x2: Any) -> Array:
    """Sum of products over the last axis of x1 and the last but one of x2."""
    return _of_numbers(backend().xp.dot, x1, x2)


@op("x1", "x2")
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Array:
    """Sum of products over several axes: the last and first so many, or (axes of x1, axes of x2)."""
    if not isinstance(axes, int):
        axes = tuple(tuple(one) if isinstance(one, list | tuple) else (one,) for one in axes)
    return _of_numbers(backend().xp.tensordot, x1, x2, axes=axes)


@op("x1", "x2")
def inner(x1: Any, x2: Any) -> Array:
    """Sum of products over the last axes."""
    return _of_numbers(backend().xp.inner, x1, x2)


@op("x1", "x2")
def outer(x1: Any, x2: Any) -> Array:
    """Every product of an element of x1 and one of x2, both flattened: (size of x1, size of x2)."""
    return backend().xp.outer(x1, x2)


@op("x1", "x2")
def vdot(x1: Any, x2: Any) -> Array:
    """Sum of products of the flattened arrays, the first conjugated."""
    return backend().xp.vdot(x1, x2)


@op("x1", "x2")
def kron(x1: Any, x2: Any) -> Array:
    """The Kronecker product: x2, as a block, times each element of x1."""
    return backend().xp.kron(x1, x2)


@op("x1", "x2")
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """The cross product of vectors of 3 components along an axis."""
    return backend().xp.cross(x1, x2, axisa=axisa, axisb=axisb, axisc=axisc, axis=axis)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Array:
    """Einstein's summation, e.g. einsum("bij,bjk->bik", x, y)."""
    if kwargs:
        raise UnsupportedError(explain("einsum takes no further arguments.", got=", ".join(kwargs)))
    return _einsum(*operands, subscripts=subscripts)


@op("operands", class_name="Einsum")
def _einsum(*operands: Any, subscripts: str) -> Array:
    return backend().einsum(subscripts, *operands)


@op("x")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum of the diagonals of the plane of two axes."""
    return backend().xp.trace(x, offset=offset, axis1=axis1, axis2=axis2)


@op("a")
def diff(a: Any, n: int = 1, axis: int = -1) -> Array:
    """Differences of neighbours along an axis, n times."""
    axis = as_axis(axis, len(a.shape))
    before = (slice(None),) * axis
    for _ in range(n):
        later, earlier = a[(*before, slice(1, None))], a[(*before, slice(None, -1))]
        a = backend().xp.not_equal(later, earlier) if backend().dtype_name(a) == "bool" else later - earlier
    return a


@op("y", promote="float")
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral along an axis by the trapezoidal rule; at places x, or at equal distances dx."""
    xp = backend().xp
    y = xp.moveaxis(y, axis, -1)
    if x is not None:
        places = backend().asarray(x, backend().dtype_name(y))
        places = places if len(places.shape) == 1 else xp.moveaxis(places, axis, -1)
        widths = places[..., 1:] - places[..., :-1]
    else:
        widths = dx
    return xp.sum(widths * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


@op("x1", "x2", promote="float")
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Array:
    """Sums of products of a vector with another that slides along it; mode "valid", "same" or "full"."""
    if mode not in ("valid", "same", "full"):
        raise InvalidArgumentError(
            explain("correlate", expected='mode "valid", "same" or "full"', got=repr(mode))
        )
    return backend().xp.correlate(x1, x2, mode=mode)


@op("x", "y", promote="float", class_name="CDist")
def cdist(x: Any, y: Any) -> Array:
    """Euclidean distances of the rows of (..., n, d) and (..., m, d): (..., n, m)."""
    distance = x[..., :, None, :] - y[..., None, :, :]
    return _safe_sqrt(backend().xp.sum(distance * distance, axis=-1))


@op("x", promote="float")
def norm(x: Any, ord: Any = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
    """A norm of vectors (one axis) or matrices (two); by default the root of the sum of squares.

    `ord` of vectors: inf, -inf, 0 or a number; of matrices: "fro", "nuc", inf, -inf, 1, -1, 2, -2.
    """
    axes = as_axes(axis, len(x.shape))
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return _safe_sqrt(backend().xp.sum(x * x, axis=axes, keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise InvalidArgumentError(explain(f"norm with ord={ord!r}", expected="one or two axes", got=str(axis)))


@op("x", promote="float")
def cholesky(x: Any, upper: bool = False) -> Array:
    """The lower triangular L with L L^T = x, for symmetric positive x; or the upper L^T."""
    lower = backend().xp.linalg.cholesky(x)
    return _transposed(lower) if upper else lower


@op("x", promote="float")
def cholesky_inverse(x: Any, upper: bool = False) -> Array:
    """The inverse of L L^T for a triangular factor L (or L^T if upper)."""
    xp = backend().xp
    factor = _transposed(x) if upper else x
    return xp.linalg.inv(xp.matmul(xp.tril(factor), _transposed(xp.tril(factor))))


@op("x", promote="float")
def det(x: Any) -> Array:
    """The determinant."""
    return backend().xp.linalg.det(x)


@op("x", promote="float")
def slogdet(x: Any) -> Any:
    """The sign and the logarithm of the magnitude of the determinant."""
    sign, logarithm = backend().xp.linalg.slogdet(x)
    return sign, logarithm


@op("x", promote="float")
def logdet(x: Any) -> Array:
    """The logarithm of the determinant of a symmetric positive matrix."""
    factor = backend().xp.linalg.cholesky(x)
    return 2 * backend().xp.sum(backend().xp.log(backend().xp.linalg.diagonal(factor)), axis=-1)


@op("x", promote="float")
def eigh(x: Any) -> tuple[Array, Array]:
    """Eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix."""
    values, vectors = backend().xp.linalg.eigh(x)
    return values, vectors


@op("x", promote="float")
def inv(x: Any) -> Array:
    """The inverse of a square matrix."""
    return backend().xp.linalg.inv(x)


@op("x", promote="float")
def pinv(x: Any, rcond: float | None = None) -> Array:
    """The pseudo-inverse; singular values below rcond times the largest count as 0."""
    xp, (u, s, vh) = backend().xp, backend().xp.linalg.svd(x, full_matrices=False)
    if rcond is None:
        rcond = 10 * max(x.shape[-2:]) * float(xp.finfo(backend().dtype_name(x)).eps)
    keep = s > rcond * s[..., :1]
    inverse = xp.where(keep, 1 / xp.where(keep, s, 1), 0)
    return xp.matmul(_transposed(vh) * inverse[..., None, :], _transposed(u))


@op("x", promote="float")
def matrix_rank(x: Any, tol: float | None = None) -> Array:
    """The number of singular values above tol, int32; by default the largest times size and rounding."""
    xp = backend().xp
    s = xp.linalg.svdvals(x)
    if tol is None:
        tol = (
            xp.max(s, axis=-1, keepdims=True)
            * max(x.shape[-2:])
            * float(xp.finfo(backend().dtype_name(x)).eps)
        )
    return xp.sum(backend().cast(s > tol, "int32"), axis=-1)


@op("x", promote="float")
def qr(x: Any, mode: str = "reduced") -> tuple[Array, Array]:
    """Orthogonal Q and upper triangular R with Q R = x; mode "reduced" or "complete"."""
    if mode not in ("reduced", "complete"):
        raise InvalidArgumentError(explain("qr", expected='mode "reduced" or "complete"', got=repr(mode)))
    q, r = backend().xp.linalg.qr(x, mode=mode)
    return q, r


@op("a", "b", promote="float")
def solve(a: Any, b: Any) -> Array:
    """x with a x = b; b is (..., n) or (..., n, m)."""
    if len(b.shape) == len(a.shape) - 1:
        return backend().xp.linalg.solve(a, b[..., None])[..., 0]
    return backend().xp.linalg.solve(a, b)


@op("a", "b", promote="float")
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Array:
    """x with a x = b for triangular a; the other triangle of a is not read."""
    a = backend().xp.tril(a) if lower else backend().xp.triu(a)
    if len(b.shape) == len(a.shape) - 1:
        return backend().xp.linalg.solve(a, b[..., None])[..., 0]
    return backend().xp.linalg.solve(a, b)


@op("x", promote="float", class_name="SVD")
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values in descending order, and V^T; the singular values alone without `compute_uv`."""
    if not compute_uv:
        return backend().xp.linalg.svdvals(x)
    u, s, vh = backend().xp.linalg.svd(x, full_matrices=full_matrices)
    return u, s, vh


@op("a", "b", promote="float")
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Array:
    """The shortest x with the least |a x - b|; b is (n,) or (n, m)."""
    xp = backend().xp
    rcond = float(xp.finfo(backend().dtype_name(a)).eps) * max(a.shape[-2:]) if rcond is None else rcond
    return xp.matmul(pinv(a, rcond), b)


def _of_numbers(product: Callable[..., Array], x1: Array, x2: Array, **kwargs: Any) -> Array:
    """A sum of products; of booleans by way of int32, as not every back end has it for them."""
    if not is_bool(x1):
        return product(x1, x2, **kwargs)
    return product(backend().cast(x1, "int32"), backend().cast(x2, "int32"), **kwargs) != 0


def _transposed(x: Array) -> Array:
    return backend().xp.matrix_transpose(x)


def _safe_sqrt(x: Array) -> Array:
    """The root of a sum of squares, whose gradient at 0 is 0 and not NaN."""
    xp = backend().xp
    zero = x == 0
    return xp.where(zero, 0, xp.sqrt(xp.where(zero, 1, x)))


def _vector_norm(x: Array, order: Any, axis: int, keepdims: bool) -> Array:
    xp = backend().xp
    if order == math.inf:
        return xp.max(magnitude(x), axis=axis, keepdims=keepdims)
    if order == -math.inf:
        return xp.min(magnitude(x), axis=axis, keepdims=keepdims)
    if order == 0:
        return xp.sum(backend().cast(x != 0, backend().dtype_name(x)), axis=axis, keepdims=keepdims)
    if isinstance(order, str):
        raise InvalidArgumentError(
            explain("norm", expected="a number as the order of a vector's norm", got=repr(order))
        )
    total = xp.sum(magnitude(x) ** order, axis=axis, keepdims=keepdims)
    return total if order == 1 else total ** (1 / order)


def _matrix_norm(x: Array, order: Any, axes: tuple[int, ...], keepdims: bool) -> Array:
    xp = backend().xp
    rows, columns = axes
    if order in (1, -1, math.inf, -math.inf):
        summed, kept = (rows, columns) if abs(order) == 1 else (columns, rows)
        totals = xp.sum(magnitude(x), axis=summed, keepdims=True)
        result = (xp.max if order > 0 else xp.min)(totals, axis=kept, keepdims=True)
    elif order in (2, -2, "nuc"):
        s = xp.linalg.svdvals(xp.moveaxis(x, axes, (-2, -1)))
        result = xp.sum(s, axis=-1) if order == "nuc" else (xp.max if order == 2 else xp.min)(s, axis=-1)
        result = xp.expand_dims(result, tuple(sorted(axes)))
    else:
        raise InvalidArgumentError(
            explain(
                "norm",
                expected='"fro", "nuc", inf, -inf, 1, -1, 2 or -2 as the order of a matrix norm',
                got=repr(order),
            )
        )
    return result if keepdims else xp.squeeze(result, axis=axes)
