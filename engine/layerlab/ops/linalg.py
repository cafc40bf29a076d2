"""Products and linear algebra over the last two axes of (..., rows, columns)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.numeric import is_integer
from layerlab.ops.dtypes_and_axes import as_axes, as_axis, is_bool, magnitude
from layerlab.ops.op import op
from layerlab.typing import Operand, TensorLike

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
def matmul(x1: Operand, x2: Operand) -> Array:
    """The matrix product of x1 and x2; the operator @ does the same.

    result[i, j] = sum over k of x1[i, k] x2[k, j], for each matrix of the batch. A
    product of int8 is summed in int32; of booleans it says whether any pair is true.

    Args:
        x1: (..., n, k); a vector (k,) is a row.
        x2: (..., k, m); a vector (k,) is a column. The axes before the last two
            broadcast.
    Returns: (..., n, m), without n or m where the operand is a vector.
    Raises: ShapeError if the two sizes k differ.

    Example:
        >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).tolist()
        [[19, 22], [43, 50]]
        >>> matmul([[1, 2], [3, 4]], [1, 10]).tolist()
        [21, 43]
    """
    if backend().dtype_name(x1) == "int8":
        x1, x2 = backend().cast(x1, "int32"), backend().cast(x2, "int32")
    return _of_numbers(backend().xp.matmul, x1, x2)


@op("x1", "x2")
def dot(x1: Operand, x2: Operand) -> Array:
    """The sum of products over the last axis of x1 and the last but one of x2.

    For vectors it is the scalar product, for matrices the matrix product; a number
    multiplies all elements. For batches of matrices take `matmul`, which pairs them.

    Args:
        x1: (..., k), or a number.
        x2: (..., k, m), (k,), or a number.
    Returns: an array with the remaining axes of x1, then of x2.

    Example:
        >>> int(dot([1, 2, 3], [4, 5, 6]))
        32
        >>> dot([[1, 2], [3, 4]], [1, 10]).tolist()
        [21, 43]
    """
    return _of_numbers(backend().xp.dot, x1, x2)


@op("x1", "x2")
def tensordot(x1: Operand, x2: Operand, axes: Any = 2) -> Array:
    """The sum of products over several axes of x1 and x2.

    Args:
        x1, x2: arrays; the summed axes have the same sizes in both.
        axes: how many: the last ones of x1 and the first ones of x2. Or a pair (axes of
            x1, axes of x2), each an integer or a list. 0 gives all products.
    Returns: an array with the remaining axes of x1, then of x2.

    Example:
        >>> tensordot([[1, 2], [3, 4]], [[1, 10], [100, 1000]], axes=1).tolist()
        [[201, 2010], [403, 4030]]
        >>> int(tensordot([[1, 2], [3, 4]], [[1, 10], [100, 1000]], axes=2))
        4321
    """
    if is_integer(axes):
        axes = int(axes)
    else:
        axes = tuple(tuple(one) if isinstance(one, list | tuple) else (one,) for one in axes)
    return _of_numbers(backend().xp.tensordot, x1, x2, axes=axes)


@op("x1", "x2")
def inner(x1: Operand, x2: Operand) -> Array:
    """The sum of products over the last axes of x1 and x2.

    For vectors it is the scalar product; for matrices, row by row: x1 times x2
    transposed.

    Args:
        x1: (..., k).
        x2: (..., k).
    Returns: an array with the remaining axes of x1, then of x2.

    Example:
        >>> int(inner([1, 2, 3], [4, 5, 6]))
        32
        >>> inner([[1, 2], [3, 4]], [[1, 0], [0, 1], [1, 1]]).tolist()
        [[1, 2, 3], [3, 4, 7]]
    """
    return _of_numbers(backend().xp.inner, x1, x2)


@op("x1", "x2")
def outer(x1: Operand, x2: Operand) -> Array:
    """All products of an element of x1 and an element of x2, as a matrix.

    Args:
        x1, x2: arrays; both are flattened.
    Returns: (size of x1, size of x2).

    Example:
        >>> outer([1, 2, 3], [1, 10]).tolist()
        [[1, 10], [2, 20], [3, 30]]
    """
    return backend().xp.outer(x1, x2)


@op("x1", "x2")
def vdot(x1: Operand, x2: Operand) -> Array:
    """The scalar product of the flattened arrays: the sum of conj(x1) x2.

    Args:
        x1, x2: arrays of as many elements. The conjugate matters for complex numbers
            only.
    Returns: a scalar.

    Example:
        >>> float(vdot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]))
        5.0
        >>> complex(vdot([1 + 2j], [1 + 2j]))
        (5+0j)
    """
    return backend().xp.vdot(x1, x2)


@op("x1", "x2")
def kron(x1: Operand, x2: Operand) -> Array:
    """The Kronecker product: each element of x1 times the whole of x2, as a block.

    Args:
        x1, x2: arrays; the one with fewer axes gets axes of size 1 in front.
    Returns: an array whose sizes are the products of the sizes of x1 and x2.

    Example:
        >>> kron([1, 10], [1, 2, 3]).tolist()
        [1, 2, 3, 10, 20, 30]
        >>> kron([[1, 0], [0, 1]], [[1, 2]]).tolist()
        [[1, 2, 0, 0], [0, 0, 1, 2]]
    """
    return backend().xp.kron(x1, x2)


@op("x1", "x2")
def cross(
    x1: Operand, x2: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """The cross product of vectors in space: perpendicular to both.

    Of vectors with 2 components, which lie in a plane, it gives the third component
    alone; not on torch.

    Args:
        x1, x2: arrays of vectors, with 3 components or 2; their other axes broadcast.
        axisa, axisb: the axis of the components in x1, in x2.
        axisc: the axis of the components in the result.
        axis: one axis for all three, in place of them.
    Returns: an array of vectors, or of numbers for vectors of 2 components.
    Raises: UnsupportedError on torch for vectors of 2 components.

    Example:
        >>> cross([1, 0, 0], [0, 1, 0]).tolist()
        [0, 0, 1]
    """
    return backend().xp.cross(x1, x2, axisa=axisa, axisb=axisb, axisc=axisc, axis=axis)


def einsum(subscripts: str, *operands: TensorLike, **kwargs: object) -> Array:
    """A sum of products, written with one letter for each axis (Einstein's convention).

    Axes of the same letter run together; letters that are missing behind the arrow are
    summed. It says in one line what would take transpositions, products and sums.

    Args:
        subscripts: letters of the axes of each operand, with commas between; behind an
            arrow the letters of the result. "..." stands for any axes in front.
        *operands: one array for each group of letters.
        **kwargs: none; further arguments are refused.
    Returns: an array with the axes behind the arrow.
    Raises: UnsupportedError for further arguments.

    Example:
        >>> einsum("ij,jk->ik", [[1, 2], [3, 4]], [[5, 6], [7, 8]]).tolist()  # matmul
        [[19, 22], [43, 50]]
        >>> int(einsum("ii->", [[1, 2], [3, 4]]))  # trace
        5
        >>> einsum("bi,bi->b", [[1, 2], [3, 4]], [[1, 1], [10, 10]]).tolist()
        [3, 70]
    """
    if kwargs:
        raise UnsupportedError(explain("einsum takes no further arguments.", got=", ".join(kwargs)))
    return _einsum(*operands, subscripts=subscripts)


@op("operands", class_name="Einsum")
def _einsum(*operands: Operand, subscripts: str) -> Array:
    return backend().einsum(subscripts, *operands)


@op("x")
def trace(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum of a diagonal of a matrix, by default of the main one.

    Args:
        x: an array of at least two axes.
        offset: which diagonal: 0 from the first corner, 1 the one beside it at the
            right, -1 the one below.
        axis1, axis2: the axes of rows and columns; by default the first two.
    Returns: an array without these two axes.

    Example:
        >>> int(trace([[1, 2], [3, 4]]))
        5
    """
    return backend().xp.trace(x, offset=offset, axis1=axis1, axis2=axis2)


@op("a")
def diff(a: Operand, n: int = 1, axis: int = -1) -> Array:
    """The differences of neighbours along an axis: a[i + 1] - a[i].

    Args:
        a: an array. Of booleans it says where neighbours differ.
        n: how often differences are taken: 2 gives the differences of differences.
    Returns: an array that is shorter by n along the axis.

    Example:
        >>> diff([1, 4, 9, 16]).tolist()
        [3, 5, 7]
        >>> diff([1, 4, 9, 16], n=2).tolist()
        [2, 2]
    """
    axis = as_axis(axis, len(a.shape))
    before = (slice(None),) * axis
    for _ in range(n):
        later, earlier = a[(*before, slice(1, None))], a[(*before, slice(None, -1))]
        a = backend().xp.not_equal(later, earlier) if backend().dtype_name(a) == "bool" else later - earlier
    return a


@op("y", promote="float")
def trapezoid(y: Operand, x: Operand = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral along an axis by the trapezoidal rule.

    The sum of (x[i + 1] - x[i]) (y[i] + y[i + 1]) / 2: the area under the line through
    the points.

    Args:
        y: values of the function; integers count as floatx.
        x: the places where they hold: a vector, or an array of the shape of y. None is
            equal distances `dx`.
        dx: the distance of neighbours, where x is not given.
    Returns: an array without the axis.

    Example:
        >>> float(trapezoid([0.0, 1.0, 4.0], dx=0.5))
        1.5
        >>> float(trapezoid([0.0, 1.0, 4.0], x=[0.0, 1.0, 3.0]))
        5.5
    """
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
def correlate(x1: Operand, x2: Operand, mode: str = "valid") -> Array:
    """The correlation of two vectors: sums of products while x2 slides along x1.

    It is a convolution without mirroring x2: result[i] = sum over k of x1[i + k] x2[k].

    Args:
        x1, x2: vectors.
        mode: "valid" for the places where the shorter vector lies inside, "same" for as
            many places as the longer has, "full" for all places where the two overlap.
    Returns: a floating vector.
    Raises: InvalidArgumentError for another mode.

    Example:
        >>> correlate([1, 2, 3, 4], [1, 10]).tolist()
        [21.0, 32.0, 43.0]
        >>> correlate([1, 2, 3, 4], [1, 10], mode="full").tolist()
        [10.0, 21.0, 32.0, 43.0, 4.0]
    """
    if mode not in ("valid", "same", "full"):
        raise InvalidArgumentError(
            explain("correlate", expected='mode "valid", "same" or "full"', got=repr(mode))
        )
    return backend().xp.correlate(x1, x2, mode=mode)


@op("x", "y", promote="float", class_name="CDist", home="ops.math")
def cdist(x: Operand, y: Operand) -> Array:
    """The Euclidean distance of each row of x from each row of y.

    The gradient is 0 where a distance is 0, not NaN.

    Args:
        x: (..., n, features): n points.
        y: (..., m, features): m points.
    Returns: (..., n, m).

    Example:
        >>> cdist([[0.0, 0.0], [3.0, 0.0]], [[3.0, 4.0]]).tolist()
        [[5.0], [4.0]]
    """
    distance = x[..., :, None, :] - y[..., None, :, :]
    return _safe_sqrt(backend().xp.sum(distance * distance, axis=-1))


@op("x", promote="float", home="ops.linalg")
def norm(
    x: Operand,
    ord: int | float | str | None = None,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
) -> Array:
    """The length of a vector, or the size of a matrix, in one of several senses.

    By default sqrt(sum of x^2), over all elements or the given axes; its gradient at 0
    is 0.

    Args:
        x: an array; integers count as floatx.
        ord: which norm. Of vectors: a number p for (sum of |x|^p)^(1/p), inf for the
            largest |x|, -inf for the smallest, 0 for the number of elements that are
            not 0. Of matrices: "fro" for the root of the sum of squares, "nuc" for the
            sum of the singular values, 2 and -2 for the largest and smallest of them, 1
            and -1 for the largest and smallest sum of |x| in a column, inf and -inf in
            a row.
        axis: one axis for vectors, two for matrices. None is all axes.
    Returns: an array without the axes, unless `keepdims`.
    Raises: InvalidArgumentError for a norm that does not exist, or an `ord` over more
        than two axes.

    Example:
        >>> float(norm([3.0, 4.0]))
        5.0
        >>> norm([[3.0, 4.0], [-1.0, 2.0]], ord=1, axis=1).tolist()
        [7.0, 3.0]
        >>> float(norm([[3.0, 4.0], [-1.0, 2.0]], ord=1))  # of the matrix
        6.0
    """
    axes = as_axes(axis, len(x.shape))
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return _safe_sqrt(backend().xp.sum(x * x, axis=axes, keepdims=keepdims))
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise InvalidArgumentError(explain(f"norm with ord={ord!r}", expected="one or two axes", got=str(axis)))


@op("x", promote="float", home="ops.linalg")
def cholesky(x: Operand, upper: bool = False) -> Array:
    """The lower triangular factor L of a symmetric positive definite matrix: L L^T = x.

    Half the work of another factorization; it also draws correlated normal numbers, as
    L z.

    Args:
        x: (..., n, n), symmetric, with positive eigenvalues. For others JAX gives NaN,
            torch and NumPy raise an error.
        upper: True gives L^T.
    Returns: (..., n, n), floating.

    Example:
        >>> cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
        [[2.0, 0.0], [1.0, 2.0]]
    """
    lower = backend().xp.linalg.cholesky(x)
    return _transposed(lower) if upper else lower


@op("x", promote="float", home="ops.linalg")
def cholesky_inverse(x: Operand, upper: bool = False) -> Array:
    """The inverse of the matrix whose Cholesky factor is x: (x x^T)^-1.

    Args:
        x: (..., n, n), a triangular factor as `cholesky` gives it.
        upper: True if x is the upper factor: the inverse of x^T x.
    Returns: (..., n, n), floating.

    Example:
        >>> cholesky_inverse([[2.0, 0.0], [1.0, 2.0]]).tolist()
        [[0.312..., -0.125], [-0.125, 0.25]]
    """
    xp = backend().xp
    factor = _transposed(x) if upper else x
    return xp.linalg.inv(xp.matmul(xp.tril(factor), _transposed(xp.tril(factor))))


@op("x", promote="float", home="ops.linalg")
def det(x: Operand) -> Array:
    """The determinant of square matrices: the factor by which they change volumes.

    It is negative where they mirror, 0 where they have no inverse. It overflows soon
    for large matrices; `slogdet` does not.

    Args:
        x: (..., n, n); integers count as floatx.
    Returns: (...), floating.

    Example:
        >>> float(det([[2.0, 1.0], [0.0, 3.0]]))
        6.0
    """
    return backend().xp.linalg.det(x)


@op("x", promote="float")
def slogdet(x: Operand) -> Any:
    """The sign of the determinant, and the natural logarithm of its magnitude.

    Args:
        x: (..., n, n); integers count as floatx.
    Returns: two arrays (...): signs 1, -1 or 0, and logarithms, which are -inf for 0.

    Example:
        >>> sign, logarithm = slogdet([[0.0, 2.0], [4.0, 0.0]])
        >>> float(sign), float(logarithm)  # log(8)
        (-1.0, 2.079...)
    """
    sign, logarithm = backend().xp.linalg.slogdet(x)
    return sign, logarithm


@op("x", promote="float", home="ops.math")
def logdet(x: Operand) -> Array:
    """The natural logarithm of the determinant of a symmetric positive definite matrix.

    It is twice the sum of the logarithms on the diagonal of the Cholesky factor.

    Args:
        x: (..., n, n), symmetric, with positive eigenvalues; `slogdet` takes others.
    Returns: (...), floating.

    Example:
        >>> float(logdet([[2.0, 0.0], [0.0, 4.0]]))  # log(8)
        2.079...
    """
    factor = backend().xp.linalg.cholesky(x)
    return 2 * backend().xp.sum(backend().xp.log(backend().xp.linalg.diagonal(factor)), axis=-1)


@op("x", promote="float", home="ops.linalg")
def eigh(x: Operand) -> tuple[Array, Array]:
    """The eigenvalues and eigenvectors of symmetric matrices: x v = w v.

    Args:
        x: (..., n, n), symmetric, or equal to its conjugate transpose.
    Returns: eigenvalues (..., n) in ascending order, and eigenvectors (..., n, n) as
        columns of length 1, each up to its sign.

    Example:
        >>> values, vectors = eigh([[2.0, 0.0], [0.0, 1.0]])
        >>> values.tolist(), abs(vectors).tolist()
        ([1.0, 2.0], [[0.0, 1.0], [1.0, 0.0]])
    """
    values, vectors = backend().xp.linalg.eigh(x)
    return values, vectors


@op("x", promote="float", home="ops.linalg")
def inv(x: Operand) -> Array:
    """The inverse of square matrices: x inv(x) is the identity.

    To solve a x = b take `solve`, which is faster and more exact.

    Args:
        x: (..., n, n), of determinant not 0. For others JAX gives infinities or NaN,
            torch and NumPy raise an error.
    Returns: (..., n, n), floating.

    Example:
        >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return backend().xp.linalg.inv(x)


@op("x", promote="float", home="ops.linalg")
def pinv(x: Operand, rcond: float | None = None) -> Array:
    """The pseudo-inverse (Moore, Penrose) of a matrix of any shape.

    pinv(a) b is the shortest vector x with the least |a x - b|. It is computed from the
    singular values.

    Args:
        x: (..., n, m).
        rcond: singular values below `rcond` times the largest count as 0. None is 10
            times the larger of n and m times the rounding of the dtype.
    Returns: (..., m, n), floating.

    Example:
        >>> pinv([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]).tolist()
        [[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    xp, (u, s, vh) = backend().xp, backend().xp.linalg.svd(x, full_matrices=False)
    if rcond is None:
        rcond = 10 * max(x.shape[-2:]) * float(xp.finfo(backend().dtype_name(x)).eps)
    keep = s > rcond * s[..., :1]
    inverse = xp.where(keep, 1 / xp.where(keep, s, 1), 0)
    return xp.matmul(_transposed(vh) * inverse[..., None, :], _transposed(u))


@op("x", promote="float", home="ops.linalg")
def matrix_rank(x: Operand, tol: float | None = None) -> Array:
    """The rank of a matrix: how many of its rows are independent.

    Args:
        x: (..., n, m).
        tol: singular values above it are counted. None is the largest of them times the
            larger of n and m times the rounding of the dtype.
    Returns: (...), int32.

    Example:
        >>> int(matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
        1
    """
    xp = backend().xp
    s = xp.linalg.svdvals(x)
    if tol is None:
        tol = (
            xp.max(s, axis=-1, keepdims=True)
            * max(x.shape[-2:])
            * float(xp.finfo(backend().dtype_name(x)).eps)
        )
    return xp.sum(backend().cast(s > tol, "int32"), axis=-1)


@op("x", promote="float", home="ops.linalg")
def qr(x: Operand, mode: str = "reduced") -> tuple[Array, Array]:
    """The factors of x = Q R: Q with orthonormal columns, R upper triangular.

    Args:
        x: (..., n, m).
        mode: "reduced" gives Q as many columns as the smaller of n and m; "complete"
            gives n.
    Returns: Q and R, floating. The signs of the columns may differ between back ends.
    Raises: InvalidArgumentError for another mode.

    Example:
        >>> q, r = qr([[3.0, 1.0], [4.0, 2.0], [0.0, 5.0]])
        >>> q.shape, r.shape
        ((3, 2), (2, 2))
        >>> bool(abs(matmul(q, r)[0, 1] - 1.0) < 1e-6)
        True
    """
    if mode not in ("reduced", "complete"):
        raise InvalidArgumentError(explain("qr", expected='mode "reduced" or "complete"', got=repr(mode)))
    q, r = backend().xp.linalg.qr(x, mode=mode)
    return q, r


@op("a", "b", promote="float", home="ops.linalg")
def solve(a: Operand, b: Operand) -> Array:
    """The solution x of the linear equations a x = b.

    Args:
        a: (..., n, n), of determinant not 0.
        b: (..., n) for one right side, (..., n, m) for m of them.
    Returns: an array of the shape of b, floating.

    Example:
        >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
        [1.0, 0.5]
    """
    return _solution(a, b)


@op("a", "b", promote="float", home="ops.linalg")
def solve_triangular(a: Operand, b: Operand, lower: bool = False) -> Array:
    """The solution x of the linear equations a x = b for a triangular a.

    Args:
        a: (..., n, n); the other triangle is not read.
        b: (..., n) for one right side, (..., n, m) for m of them.
        lower: True reads the lower triangle of a, False the upper.
    Returns: an array of the shape of b, floating.

    Example:
        >>> solve_triangular([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0], lower=True).tolist()
        [1.0, 1.0]
    """
    return _solution(backend().xp.tril(a) if lower else backend().xp.triu(a), b)


@op("x", promote="float", class_name="SVD", home="ops.linalg")
def svd(x: Operand, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition x = U diag(s) V^T of a matrix of any shape.

    Args:
        x: (..., n, m).
        full_matrices: True gives U (..., n, n) and V^T (..., m, m); False only as many
            columns of U and rows of V^T as there are singular values.
        compute_uv: False gives the singular values alone.
    Returns: U, s and V^T; s is (..., min(n, m)) in descending order.

    Example:
        >>> u, s, vh = svd([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]], full_matrices=False)
        >>> [round(float(one), 3) for one in s], u.shape, vh.shape
        ([4.0, 3.0], (3, 2), (2, 2))
    """
    if not compute_uv:
        return backend().xp.linalg.svdvals(x)
    u, s, vh = backend().xp.linalg.svd(x, full_matrices=full_matrices)
    return u, s, vh


@op("a", "b", promote="float", home="ops.linalg")
def lstsq(a: Operand, b: Operand, rcond: float | None = None) -> Array:
    """The least squares solution of a x = b: the x with the smallest |a x - b|.

    Of several the shortest. It fits, for example, a line through points.

    Args:
        a: (n, m): n equations for m unknowns.
        b: (n,) for one right side, (n, k) for k of them.
        rcond: singular values of a below `rcond` times the largest count as 0. None is
            the larger of n and m times the rounding of the dtype.
    Returns: (m,) or (m, k), floating.

    Example:
        >>> line = lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
        >>> [round(float(part), 3) for part in line]  # 1 + 2 t
        [1.0, 2.0]
    """
    xp = backend().xp
    rcond = float(xp.finfo(backend().dtype_name(a)).eps) * max(a.shape[-2:]) if rcond is None else rcond
    return xp.matmul(pinv(a, rcond), b)


def _of_numbers(product: Callable[..., Array], x1: Array, x2: Array, **kwargs: object) -> Array:
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


def _matrix_norm(x: Array, order: object, axes: tuple[int, ...], keepdims: bool) -> Array:
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


def _solution(a: Array, b: Array) -> Array:
    if len(b.shape) == len(a.shape) - 1:
        return backend().xp.linalg.solve(a, b[..., None])[..., 0]
    return backend().xp.linalg.solve(a, b)
