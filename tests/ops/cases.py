"""One table for all ops: how each is called.

The tests run every case against Keras: eager, compiled and symbolic. An array in the
arguments is a tensor of the op; everything else is static. `grid` makes all combinations.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["CASES", "Case", "by_name", "words"]


@dataclass(frozen=True, eq=False)
class Case:
    """A call of `ops.<name>(*args, **kwargs)`.

    Args:
        compiled, symbolic: False where the shape of the result depends on values (or Keras cannot do it).
        tolerance: relative and absolute, for float32.
        oracle: what computes the expected result, where Keras' own is wrong or is called differently.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    compiled: bool = True
    symbolic: bool = True
    tolerance: float = 1e-5
    oracle: Callable[..., Any] | None = None
    note: str = ""

    def __str__(self) -> str:
        shapes = ",".join(_describe(arg) for arg in self.args)
        options = ",".join(f"{key}={_describe(value)}" for key, value in self.kwargs.items())
        return f"{self.name}({shapes}{';' + options if options else ''}){self.note}"


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name[0]}{'x'.join(map(str, value.shape))}"
    if isinstance(value, list | tuple) and any(isinstance(one, np.ndarray) for one in value):
        return "[" + " ".join(map(_describe, value)) + "]"
    return getattr(value, "__name__", None) or str(value).replace(" ", "")


_random = np.random.default_rng(0)


def words(text: str) -> list[str]:
    """A table of names, which reads better without quotes."""
    return text.split()


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """float32, uniform."""
    return _random.uniform(low, high, shape).astype("float32")


def ints(*shape: int, low: int = -4, high: int = 5) -> np.ndarray:
    """int32."""
    return _random.integers(low, high, shape).astype("int32")


def bools(*shape: int) -> np.ndarray:
    """Half of them True."""
    return _random.integers(0, 2, shape).astype(bool)


def positive(n: int) -> np.ndarray:
    """A symmetric positive matrix."""
    root = _random.normal(size=(n, n))
    return (root @ root.T + n * np.eye(n)).astype("float32")


def with_nan(*shape: int) -> np.ndarray:
    """float32, with NaN here and there and in the whole first row."""
    x = real(*shape)
    x[0] = np.nan
    x[-1, -1] = np.nan
    return x


CASES: list[Case] = []


def add(name: str, *args: Any, **kwargs: Any) -> None:
    """One case; arguments whose names begin with '_' are the fields of Case."""
    fields = {key[1:]: kwargs.pop(key) for key in list(kwargs) if key.startswith("_")}
    CASES.append(Case(name, args, kwargs, **fields))


def grid(name: str, *args: Any, **options: Any) -> None:
    """A case for each combination of the options, which are lists of values."""
    for values in itertools.product(*options.values()):
        add(name, *args, **dict(zip(options, values, strict=True)))


def by_name() -> dict[str, list[Case]]:
    """The cases of each op."""
    found: dict[str, list[Case]] = {}
    for case in CASES:
        found.setdefault(case.name, []).append(case)
    return found


# -- elementwise and logical ------------------------------------------------------------------------

X, Y, N = real(3, 4), real(3, 4), ints(3, 4)
UNIT = real(3, 4, low=-0.95, high=0.95)
ABOVE = real(3, 4, low=0.1, high=4.0)
SPECIAL = np.array([0.0, -0.0, 1.5, -1.5, np.inf, -np.inf, np.nan, 0.5, 2.5], dtype="float32")

for _name in words(
    """
    negative absolute abs fabs sign square exp exp2 expm1 sin cos tan arctan sinh cosh tanh arcsinh
    erf ceil floor trunc round deg2rad rad2deg real imag conjugate conj cbrt sinc erfc angle signbit
    relu relu6 leaky_relu sigmoid log_sigmoid softplus softsign silu swish gelu elu selu celu hard_sigmoid
    hard_silu hard_swish hard_tanh tanh_shrink soft_shrink hard_shrink squareplus sparse_plus sparse_sigmoid
    logical_not isnan isfinite isinf isposinf isneginf isreal softmax log_softmax sparsemax glu
    """
):
    add(_name, X * 3)
for _name in words("sqrt rsqrt log log2 log10 log1p reciprocal"):
    add(_name, ABOVE)
for _name in words("arcsin arccos arctanh erfinv"):
    add(_name, UNIT)
add("arccosh", 1 + ABOVE)
for _name in words(
    "absolute sign ceil floor trunc round relu isnan isfinite isinf isposinf isneginf logical_not"
):
    add(_name, SPECIAL)
for _name in words(
    """
    add subtract multiply divide true_divide power maximum minimum fmax fmin hypot arctan2 logaddexp
    logaddexp2 equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor
    divide_no_nan floor_divide mod fmod heaviside
    """
):
    first = ABOVE if _name == "power" else X
    add(_name, first, real(4))
    add(_name, first, 2.5)
    if _name != "power":
        add(_name, N, np.where(N == 0, 3, N)[::-1].copy())
        add(_name, SPECIAL, SPECIAL[::-1].copy())
add("power", N, 2)
add("power", X, 3)
add("divide_no_nan", N, N)
add("maximum", 0.0, X)
add("nextafter", X, Y)
add("ldexp", X, N)
grid("round", X * 100, decimals=[1, 2, -1])
add("round", N * 7, decimals=-1)
grid("gelu", X * 3, approximate=[True, False])
grid("leaky_relu", X, negative_slope=[0.0, 0.3])
grid("elu", X, alpha=[0.5])
grid("celu", X, alpha=[0.5, 2.0])
grid("soft_shrink", X, threshold=[0.2])
grid("hard_shrink", X, threshold=[0.2])
grid("squareplus", X, b=[1])
grid("softmax", real(2, 3, 4), axis=[0, 1, (1, 2), (0, 2)])
grid("log_softmax", real(2, 3, 4), axis=[0, (1, 2)])


def _sparsemax(x: np.ndarray, axis: int) -> np.ndarray:
    """relu(x - t), the sum 1 by bisection of t; Keras' NumPy back end is wrong for axes but the last."""
    low, high = x.max(axis, keepdims=True) - 1.0, x.max(axis, keepdims=True) * 1.0
    for _ in range(60):
        middle = (low + high) / 2
        too_much = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(too_much, middle, low), np.where(too_much, high, middle)
    return np.maximum(x - low, 0).astype("float32")


for _axis in (0, 1):
    add("sparsemax", real(2, 3, 4), axis=_axis, _oracle=_sparsemax)
add("glu", real(2, 4, 3), axis=1)
add("threshold", X, 0.1, -7.0)
add("clip", X, -1.0, 0.5)
add("clip", N, 0, 2)
add("clip", X, real(4), 1.0)
add("nan_to_num", SPECIAL)
add("nan_to_num", SPECIAL, nan=1.0, posinf=2.0, neginf=-3.0)
for _name in words("bitwise_and bitwise_or bitwise_xor"):
    add(_name, N, ints(4))
for _name in words("bitwise_left_shift left_shift bitwise_right_shift right_shift"):
    add(_name, N, ints(4, low=0, high=5))
for _name in words("bitwise_not bitwise_invert"):
    add(_name, N)
add("isclose", X, X + 1e-6)
add("isclose", SPECIAL, SPECIAL, equal_nan=True)
add("isclose", SPECIAL, SPECIAL[::-1].copy(), rtol=0.1)
add("allclose", X, X + 1e-7)
add("isin", N, np.array([1, 2], dtype="int32"))
add("isin", N, np.array([[1], [3]], dtype="int32"), invert=True)
add("where", bools(3, 4), X, Y)
add("where", bools(3, 1), X, 0.0)
add("where", N, 1, real(4))
add("select", [X > 0, X < -1], [X, Y], default=7.0)

# -- reductions --------------------------------------------------------------------------------------

XYZ = real(2, 3, 4)
for _name in words("sum mean max min var std prod amax amin ptp all any logsumexp median"):
    grid(_name, XYZ, axis=[None, -1, (0, 2)], keepdims=[False, True])
    add(_name, bools(3, 4) if _name in ("all", "any") else N, axis=0)
add("mean", bools(3, 4), axis=0)
add("max", bools(3, 4), axis=0)
add("max", X, axis=1, initial=1.0)
add("min", X, axis=1, initial=-1.0)
add("prod", N, axis=0, dtype="float32")
add("logsumexp", np.array([[1000.0, 1000.0], [-np.inf, -np.inf], [np.inf, 0.0]], "float32"), axis=1)
for _name in words("argmax argmin nanargmax nanargmin"):
    grid(_name, XYZ, axis=[None, 1], keepdims=[False, True])
for _name in words("nansum nanmean nanmax nanmin nanvar nanstd nanprod"):
    grid(_name, with_nan(3, 4), axis=[None, 1], keepdims=[False, True])
    add(_name, N, axis=0)
for _name in words("nanargmax nanargmin"):
    grid(_name, with_nan(3, 4), axis=[0, 1])
for _name in words("cumsum cumprod"):
    grid(_name, X, axis=[None, 0, -1])
    add(_name, N, axis=0)
    add("nan" + _name, with_nan(3, 4), axis=1)
    add("nan" + _name, with_nan(3, 4))
add("cumsum", bools(4), dtype="float32")
grid("count_nonzero", N, axis=[None, 0, (0, 1)])
add("average", X)
add("average", X, axis=1, weights=real(4, low=0.1))
add("average", X, axis=0, weights=real(3, 4, low=0.1))
for _method in words("linear lower higher midpoint nearest"):
    add("quantile", XYZ, 0.3, axis=1, method=_method)
    add("percentile", XYZ, 30, axis=(0, 2), method=_method)
add("quantile", XYZ, np.array([0.0, 0.25, 1.0], "float32"), axis=2, keepdims=True)
add("quantile", XYZ, np.array([0.1, 0.9], "float32"))
add("quantile", with_nan(3, 4), 0.5, axis=1)

# -- shapes ------------------------------------------------------------------------------------------

grid("reshape", XYZ, newshape=[(6, 4), (-1, 2), (4, -1, 3), -1])
add("ravel", XYZ)
grid("expand_dims", X, axis=[0, 1, -1, (0, 2), (-1, 1)])
grid("squeeze", real(1, 3, 1, 2), axis=[None, 0, 2, (0, 2)])
grid("transpose", XYZ, axes=[None, (1, 0, 2), (0, -1, 1)])
add("moveaxis", XYZ, 0, -1)
add("moveaxis", XYZ, (0, 1), (2, 0))
add("swapaxes", XYZ, 0, -1)
add("broadcast_to", X, (2, 3, 4))
add("copy", X)
grid("concatenate", [X, Y, real(3, 4)], axis=[0, -1])
add("concatenate", [N, X], axis=0)
grid("stack", [X, Y], axis=[0, 1, -1])
add("append", X, Y, axis=1)
add("append", X, N)
for _name in words("hstack vstack dstack"):
    add(_name, [X, Y])
    add(_name, [X[0], Y[0]])
grid("split", XYZ, indices_or_sections=[2, [1, 2], [3]], axis=[-1])
grid("array_split", XYZ, indices_or_sections=[3], axis=[-1, 1])
for _name, _axes in (("hsplit", (3, 4)), ("vsplit", (4, 2)), ("dsplit", (1, 2, 4))):
    add(_name, real(*_axes), 2)
add("hsplit", real(4), [1, 3])
grid("unstack", XYZ, axis=[1, -1])
grid("tile", X, repeats=[2, (2, 1), (2, 1, 3)])
grid("repeat", X, repeats=[2], axis=[None, 0, -1])
add("repeat", X, [1, 0, 2], axis=0)
grid("flip", XYZ, axis=[None, 1, (0, 2)])
add("fliplr", XYZ)
add("flipud", XYZ)
grid("roll", XYZ, shift=[1, -2], axis=[None, 0, -1])
add("roll", XYZ, (1, 2), axis=(0, 1))
grid("rot90", XYZ, k=[0, 1, 2, 3, -1], axes=[(0, 1), (1, 2)])
grid(
    "pad",
    X,
    pad_width=[1, (1, 2), ((0, 1), (2, 0))],
    mode=["constant", "reflect", "symmetric", "edge", "wrap"],
)
add("pad", X, 1, mode="constant", constant_values=3.0)
add("take", XYZ, np.array([[0, 2], [1, -1]], "int32"), axis=1)
add("take", XYZ, 2, axis=-1)
add("take", XYZ, np.array([0, 23, -1], "int32"))
add("take_along_axis", XYZ, ints(2, 3, 2, low=-4, high=4), axis=-1)
add("take_along_axis", XYZ, ints(1, 2, 4, low=0, high=3), axis=1)
add("take_along_axis", X, ints(5, low=0, high=12))
for _indexing in ("xy", "ij"):
    add("meshgrid", real(2), real(3), real(4), indexing=_indexing)
grid("diag", real(3), k=[0, 1, -2])
grid("diag", X, k=[0, 1, -1])
grid("diagflat", X, k=[0, 2])
grid("diagonal", XYZ, offset=[0, 1, -1], axis1=[0], axis2=[1, 2])
grid("trace", XYZ, offset=[0, 1], axis1=[1], axis2=[2])
add("trace", N)
grid("tril", XYZ, k=[0, 1, -1])
grid("triu", XYZ, k=[0, 1, -1])
grid("depth_to_space", real(2, 2, 3, 8), block_size=[2])
add("depth_to_space", real(2, 8, 2, 3), 2, data_format="channels_first")
add("space_to_depth", real(2, 4, 6, 2), 2)
add("space_to_depth", real(2, 2, 4, 6), 2, data_format="channels_first")

# -- indexing and searching --------------------------------------------------------------------------

_KEYS: list[Any] = [
    0, -1, slice(1, None), slice(None, None, -1), slice(3, 0, -2), None, Ellipsis, (0, 1), (slice(None), 1),
    (Ellipsis, 0), (slice(None), None, slice(None, None, -2)), (0, Ellipsis, -1), (slice(0, 0),),
    (Ellipsis, slice(-2, None)), (slice(None), slice(None, None, -1), slice(None, None, -1)),
]  # fmt: skip
for _key in _KEYS:
    add("get_item", XYZ, _key)
add("get_item", XYZ, np.array([1, 0, 1], "int32"))
add("get_item", XYZ, (slice(None), np.array([0, 2], "int32")))
add("get_item", XYZ, (np.array([0, 1], "int32"), np.array([2, 0], "int32")))
add("get_item", X, X > 0, _compiled=False, _symbolic=False)
grid("sort", XYZ, axis=[-1, 0, 1])
grid("argsort", ints(3, 4), axis=[-1, 0])
add("argpartition", X, 1, _oracle=lambda x, kth: np.argsort(x, stable=True).astype("int32"))
grid("top_k", X, k=[1, 3])
add("in_top_k", ints(3, low=0, high=4), X, 2)
add("in_top_k", np.array([0, 1], "int32"), np.array([[1.0, 1.0, 1.0], [np.nan, np.inf, 0.0]], "float32"), 1)
for _side in ("left", "right"):
    add(
        "searchsorted",
        np.array([0.0, 1.0, 1.0, 2.0], "float32"),
        np.array([[1.0, 3.0], [0.0, -1.0]], "float32"),
        side=_side,
    )
add("digitize", X, np.array([-1.0, 0.0, 1.0], "float32"))
add("bincount", ints(6, low=0, high=4), minlength=5, _symbolic=False)
add("bincount", ints(6, low=0, high=4), weights=real(6), minlength=3, _compiled=False, _symbolic=False)
add("bincount", ints(2, 6, low=0, high=4), minlength=4, _symbolic=False)
add("histogram", X[0], bins=5)
add("histogram", Y[0], bins=4, range=(-1.0, 1.0))
add("nonzero", N, _compiled=False, _symbolic=False)
add("unique", N, _compiled=False, _symbolic=False)
add("unique", N, return_index=True, return_inverse=True, return_counts=True, _compiled=False, _symbolic=False)
add("unique", ints(6, low=0, high=2), size=4, _compiled=False, _symbolic=False)
add("unravel_index", ints(5, low=0, high=12), (3, 4))
SEGMENTS = np.array([0, 2, 0, 1, 2], "int32")
for _name in words("segment_sum segment_max segment_min segment_prod"):
    add(_name, real(5, 3), SEGMENTS, num_segments=3)
    add(_name, real(5), SEGMENTS, _compiled=False, _symbolic=False)

add("segment_max", np.array([1, 5, 3], "int32"), np.array([0, 1, 1], "int32"), num_segments=2,
    _oracle=lambda *_, **__: np.array([1, 5], "int32"))  # fmt: skip
add("segment_min", np.array([1, 5, -3], "int32"), np.array([0, 1, 1], "int32"), num_segments=2,
    _oracle=lambda *_, **__: np.array([1, -3], "int32"))  # fmt: skip
add("segment_sum", ints(5), SEGMENTS, num_segments=3)

# -- creation ----------------------------------------------------------------------------------------

for _name in words("zeros ones empty"):
    add(_name, (2, 3), _oracle=(lambda shape: np.zeros(shape, "float32")) if _name == "empty" else None)
    if _name != "empty":
        add(_name, (2, 3), dtype="int32")
    add(_name + "_like", X, _oracle=np.zeros_like if _name == "empty" else None)
    if _name != "empty":
        add(_name + "_like", X, dtype="bool")
add("full", (2, 3), 7.0)
add("full", (2, 3), 7, dtype="float16")
add("full_like", X, 2)
add("full_like", X, 2, dtype="int32")
for _args in ((5,), (1, 7, 2), (0, 1, 0.25), (5.0,), (5, 0, -1)):
    add("arange", *_args)
add("arange", 5, dtype="float32")
grid("linspace", 0, 1, num=[5], endpoint=[True, False])
add("linspace", real(3), real(3), num=4, axis=1)
add("linspace", 0.0, 3.0, num=4, retstep=True)
add("logspace", 0, 3, num=4, _tolerance=1e-4)
add("logspace", 0.0, 3.0, num=4, base=2, endpoint=False)
add("geomspace", 1.0, 1000.0, num=4, _tolerance=1e-4)
grid("eye", 3, M=[None, 4], k=[0, 1])
add("identity", 3)
add("tri", 3, 4, k=1)
for _name in words("bartlett blackman hamming hanning"):
    add(_name, 6, _tolerance=1e-6)
add("kaiser", 6, 3.0)
grid("vander", real(3), N=[None, 4], increasing=[False, True])
add("convert_to_tensor", X)
add("convert_to_tensor", [1.0, 2.0])
add("convert_to_tensor", [[1, 2], [3, 4]])
add("convert_to_tensor", N, dtype="float32")
add("array", [1, 2])
grid("cast", X * 3, dtype=["int32", "float16", "bool", "bfloat16"])
grid("saturate_cast", X * 300, dtype=["uint8", "int8", "float16", "int32"])
add(  # the float32 nearest to the largest int32 lies outside of it, and Keras' cast overflows
    "saturate_cast",
    np.array([3e9, -3e9, 1.5], "float32"),
    dtype="int32",
    _oracle=lambda x, dtype: np.array([2147483520, -2147483648, 1], dtype),
)

# -- linear algebra ----------------------------------------------------------------------------------

add("matmul", X, real(4, 2))
add("matmul", real(5, 3, 4), real(4, 2))
add("matmul", real(4), real(4, 2))
add("matmul", N, X.T.copy())
add("dot", X, real(4, 2))
add("dot", real(2, 3, 4), real(5, 4, 2))
add("dot", X, 2.0)
add("tensordot", XYZ, real(3, 4, 2), axes=2)
add("tensordot", XYZ, real(4, 2), axes=[[2], [0]])
add("tensordot", XYZ, real(4, 2), axes=(2, 0))
add("inner", X, real(2, 4))
add("outer", X, real(5))
add("vdot", X, Y)
add("kron", X, real(2, 2))
add("cross", real(5, 3), real(5, 3))
for _subscripts in ("ij,jk->ik", "bij,bjk->bik", "ii->i"):
    shapes = {"ij,jk->ik": [(3, 4), (4, 2)], "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)], "ii->i": [(3, 3)]}[
        _subscripts
    ]
    add("einsum", _subscripts, *(real(*one) for one in shapes))  # type: ignore[attr-defined]
add("einsum", "...i,ij->...j", real(2, 3, 4), real(4, 5))
grid("diff", XYZ, n=[1, 2], axis=[-1, 1])
grid("trapezoid", X, axis=[-1, 0])
add("trapezoid", X, dx=0.5)
for _mode in ("valid", "same", "full"):
    add("correlate", real(7), real(3), mode=_mode)
    add("correlate", real(3), real(6), mode=_mode)
add("cdist", real(3, 4), real(5, 4))
for _order in (None, 1, 2, 3, np.inf, -np.inf, 0):
    add("norm", X, ord=_order, axis=1)
for _order in ("fro", "nuc", 1, -1, 2, -2, np.inf):
    add("norm", XYZ, ord=_order, axis=(1, 2), keepdims=True)
add("norm", XYZ)
A, B = positive(4), real(4, 2)
grid("cholesky", A, upper=[False, True])
grid("cholesky_inverse", np.linalg.cholesky(A), upper=[False])
add("det", A, _tolerance=1e-4)
add("slogdet", A)
add("logdet", A)
add("inv", A)
add("pinv", real(4, 3), _tolerance=1e-4)
add("matrix_rank", real(4, 3))
add("solve", A, B)
add("solve", A, real(4))
grid("solve_triangular", A, B, lower=[False, True])
add("lstsq", real(5, 3), real(5, 2), _tolerance=1e-4)
add("svd", X, compute_uv=False)
add("eigh", A, _oracle=lambda x: None)
add("qr", X, _oracle=lambda x: None)
add("svd", X, _oracle=lambda x, full_matrices: None, full_matrices=False)

# -- convolutions and pooling ------------------------------------------------------------------------

IMAGE = real(2, 7, 6, 4)
for _kwargs in (
    {}, {"padding": "same"}, {"strides": 2}, {"strides": (2, 3), "padding": "same"}, {"dilation_rate": 2},
    {"dilation_rate": (1, 2), "padding": "same"},
):  # fmt: skip
    add("conv", IMAGE, real(3, 2, 4, 5), _tolerance=1e-4, **_kwargs)
    add("depthwise_conv", IMAGE, real(3, 2, 4, 2), _tolerance=1e-4, **_kwargs)
add("conv", IMAGE, real(3, 3, 2, 6), _tolerance=1e-4, _note="groups")
add("conv", real(2, 4, 7, 6), real(3, 2, 4, 5), data_format="channels_first", padding="same", _tolerance=1e-4)
add("conv", real(2, 9, 4), real(3, 4, 5), strides=2, padding="same", _tolerance=1e-4)
add("conv", real(1, 5, 4, 6, 2), real(2, 2, 3, 2, 3), padding="same", _tolerance=1e-4)
add("depthwise_conv", real(2, 9, 4), real(3, 4, 2), _tolerance=1e-4)
add("separable_conv", IMAGE, real(3, 2, 4, 2), real(1, 1, 8, 5), padding="same", _tolerance=1e-4)
for _padding in ("valid", "same"):
    for _kwargs in (
        {},
        {"strides": 2},
        {"strides": 3},
        {"strides": 4},
        {"strides": 2, "output_padding": 1},
        {"dilation_rate": 2},
    ):
        add(
            "conv_transpose", real(2, 5, 4, 3), real(3, 3, 2, 3), padding=_padding, _tolerance=1e-4, **_kwargs
        )
    add("conv_transpose", real(2, 5, 4, 3), real(2, 4, 2, 3), padding=_padding, strides=2, _tolerance=1e-4)
    add("conv_transpose", real(2, 5, 3), real(4, 2, 3), padding=_padding, strides=2, _tolerance=1e-4)
    for _pool in ("max_pool", "average_pool"):
        add(_pool, IMAGE, 2, strides=2, padding=_padding)
        add(_pool, IMAGE, (3, 2), strides=(2, 1), padding=_padding)
        add(_pool, real(2, 4, 7, 6), 3, strides=2, padding=_padding, data_format="channels_first")
        add(_pool, real(2, 9, 4), 2, strides=3, padding=_padding)
        add(_pool, real(1, 4, 5, 6, 2), 2, strides=1, padding=_padding)
for _pool in ("adaptive_average_pool", "adaptive_max_pool"):
    add(_pool, IMAGE, (3, 4))
    add(_pool, real(2, 4, 7, 6), 2, data_format="channels_first")

# -- encodings, normalizations, losses ---------------------------------------------------------------

CLASSES = np.array([[0, 3], [-1, 4], [2, 1]], "int32")
grid("one_hot", CLASSES, num_classes=[5], axis=[-1, 0, 1])
add("one_hot", CLASSES, 5, dtype="int32")
grid("multi_hot", CLASSES, num_classes=[5], axis=[-1])
add("multi_hot", CLASSES[0], 5)
grid("moments", XYZ, axes=[0, (0, 1), (-1,)], keepdims=[False, True])
add("batch_normalization", XYZ, real(4), ABOVE[0], -1)
add("batch_normalization", XYZ, real(3), ABOVE[:, 0], 1, offset=real(3), scale=real(3), epsilon=0.1)
add("layer_normalization", XYZ)
add("layer_normalization", XYZ, gamma=real(4), beta=real(4), epsilon=1e-3)
add("layer_normalization", XYZ, gamma=real(3, 4), beta=real(3, 4), axis=(1, 2))
add("layer_normalization", XYZ, gamma=real(3), beta=real(3), axis=1)
add("rms_normalization", XYZ)
add("rms_normalization", XYZ, scale=real(4), axis=-1, epsilon=0.1)
for _order in (1, 2, 3):
    grid("normalize", XYZ, axis=[-1, 0, 1], order=[_order])
add("normalize", np.zeros((2, 3), "float32"))
PROBABILITIES = real(3, 4, low=0.0, high=1.0)
for _logits in (False, True):
    _outputs = X * 5 if _logits else PROBABILITIES
    add(
        "binary_crossentropy", real(3, 4, low=0.0, high=1.0), _outputs, from_logits=_logits,
        _oracle=(lambda t, x, from_logits: np.logaddexp(x, 0) - t * x) if _logits else None,
    )  # fmt: skip
    add("categorical_crossentropy", real(3, 4, low=0.0, high=1.0), _outputs, from_logits=_logits)
    add("categorical_crossentropy", real(3, 4, low=0.0, high=1.0), _outputs, from_logits=_logits, axis=0)
    add("sparse_categorical_crossentropy", np.array([0, 3, 2], "int32"), _outputs, from_logits=_logits)
    add("sparse_categorical_crossentropy", np.array([[-1], [3], [2]], "int32"), _outputs, from_logits=_logits)


def _capped_attention(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, attn_logits_soft_cap: float
) -> np.ndarray:
    """Gemma 2, arXiv:2408.00118, section 2.2; Keras' NumPy back end leaves the cap out."""
    scores = np.einsum("btnh,bsnh->bnts", query, key) / np.sqrt(query.shape[-1])
    weights = np.exp(attn_logits_soft_cap * np.tanh(scores / attn_logits_soft_cap))
    return np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), value).astype("float32")


QUERY, KEY, VALUE = real(2, 5, 4, 3), real(2, 6, 4, 3), real(2, 6, 4, 3)
add("dot_product_attention", QUERY, KEY, VALUE)
add("dot_product_attention", QUERY, KEY, VALUE, bias=real(2, 4, 5, 6), scale=0.3)
add("dot_product_attention", QUERY, KEY, VALUE, mask=bools(2, 1, 5, 6))
add("dot_product_attention", QUERY, QUERY, QUERY, is_causal=True)
add("dot_product_attention", QUERY, QUERY, QUERY, mask=bools(2, 1, 5, 5), is_causal=True)
add("dot_product_attention", QUERY, QUERY, QUERY, attn_logits_soft_cap=0.7, _oracle=_capped_attention)

# -- scatter and slices ------------------------------------------------------------------------------

PLACES = np.array([[0], [2], [0]], "int32")
add("scatter", PLACES, real(3, 2), (4, 2))
add("scatter", np.array([[0, 1], [2, 0]], "int32"), real(2), (3, 2))
for _reduction in (None, "add", "max", "min"):
    add("scatter_update", real(4, 2), np.array([[0], [2]], "int32"), real(2, 2), reduction=_reduction)
add("scatter_update", real(4, 2), PLACES, real(3, 2), reduction="add", _note="duplicates")
add("slice", XYZ, (0, 1, 2), (2, 2, 2))
add("slice", XYZ, (0, 1, 2), (2, -1, 2), _oracle=lambda x, start, size: x[0:2, 1:, 2:4])
add("slice", XYZ, np.array([0, 1, 2], "int32"), (2, 2, 2))
add("slice", XYZ, np.array([1, 2, 3], "int32"), (2, 2, 2), _oracle=lambda x, start, size: x[0:2, 1:3, 2:4])
add("slice_update", XYZ, np.array([0, 1, 2], "int32"), real(2, 2, 2))


def _put_at_the_end(x: np.ndarray, start: np.ndarray, updates: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[0:2, 1:3, 2:4] = updates
    return x


add("slice_update", XYZ, np.array([1, 2, 3], "int32"), real(2, 2, 2), _oracle=_put_at_the_end)
add("stop_gradient", X)
