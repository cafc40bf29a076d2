"""Dtype names, the one promotion table of every back end, and dtype policies.

Promotion is JAX's lattice without 64-bit surprises: a Python int or float is *weak* and takes the
dtype of the array beside it; int32 with float32 is float32 (NumPy says float64); two float16 kinds
meet in float32. Callers promote before they call a back end's namespace, so that all agree.
Source: "Type promotion semantics", JAX documentation. Imports errors and settings only.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from layerlab.errors import DTypeError, InvalidArgumentError, did_you_mean, explain
from layerlab.settings import FLOAT_TYPES, settings
from layerlab.typing import DTypeLike

__all__ = [
    "ALLOWED",
    "DTypePolicy",
    "PolicyLike",
    "as_policy",
    "dtype_policy",
    "is_float",
    "is_integer",
    "numpy_dtype",
    "result_type",
    "set_dtype_policy",
    "standardize_dtype",
]

_PARENTS: dict[str, tuple[str, ...]] = {
    "bool": ("int",),  # 'int' and 'float' are the weak types of Python numbers
    "int": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}
ALLOWED = tuple(name for name in _PARENTS if name not in ("int", "float")) + (
    "float8_e4m3fn",
    "float8_e5m2",
    "int4",
    "uint4",
    "string",
)
_PYTHON_TYPES: dict[Any, str] = {bool: "bool", int: "int", float: "float", complex: "complex64"}


def standardize_dtype(dtype: DTypeLike) -> str:
    """The standard name of a dtype given as a name, Python type, or dtype of a back end.

    Args:
        dtype: "float32", float, np.float32, jnp.float32, torch.float32 and so on; None is
            `config.floatx()`.
    Raises: DTypeError for anything else.

    Example:
        >>> standardize_dtype(float), standardize_dtype("int64")
        ('float32', 'int64')
    """
    if dtype is None:
        return settings.floatx
    if isinstance(dtype, str) and dtype in ALLOWED:
        return dtype
    return _standardize_other(dtype)


def is_float(dtype: str) -> bool:
    """True for the floating dtypes, float8 included."""
    return "float" in dtype


def is_integer(dtype: str) -> bool:
    """True for signed and unsigned integers; bool is not one."""
    return "int" in dtype


def numpy_dtype(dtype: str) -> np.dtype:
    """The NumPy dtype of a standard name; ml_dtypes gives those that NumPy lacks."""
    extended = getattr(ml_dtypes, dtype, None)
    return np.dtype(extended if extended is not None else dtype)


def result_type(*dtypes: DTypeLike) -> str:
    """The dtype in which values of these dtypes meet.

    Each is a name, a dtype, or a Python type (`int`, `float`: weak). Weak results become int32 and floatx.

    Example:
        >>> result_type("int32", "bfloat16"), result_type("float16", float), result_type(int, float)
        ('bfloat16', 'float16', 'float32')
    """
    names = frozenset(_PYTHON_TYPES.get(dtype) or standardize_dtype(dtype) for dtype in dtypes)
    joined = _join(names)
    return {"int": "int32", "float": settings.floatx}.get(joined, joined)


@functools.lru_cache(maxsize=4096)
def _join(names: frozenset[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    unknown = names - _PARENTS.keys()
    if unknown:
        raise DTypeError(
            explain(
                f"No common dtype for {', '.join(sorted(names))}.",
                fix=f"cast {sorted(unknown)[0]} values first",
            )
        )
    common = set.intersection(*(_at_or_above(name) for name in names))
    return next(name for name in common if common <= _at_or_above(name))


@functools.cache
def _at_or_above(name: str) -> set[str]:
    return {name}.union(*(_at_or_above(parent) for parent in _PARENTS[name]))


def _standardize_other(dtype: Any) -> str:
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:  # np.dtype("float64") == float as well
        return {"int": "int32", "float": settings.floatx}.get(_PYTHON_TYPES[dtype], _PYTHON_TYPES[dtype])
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or str(dtype)
    name = str(name).removeprefix("torch.").removeprefix("<class 'jax.numpy.").removesuffix("'>")
    if name in ("int", "float"):
        return {"int": "int32", "float": settings.floatx}[name]
    if name not in ALLOWED:
        with contextlib.suppress(TypeError):
            name = np.dtype(dtype).name
    if name.startswith("str") or name == "object":
        name = "string" if name.startswith("str") else name
    if name not in ALLOWED:
        raise DTypeError(f"Unknown dtype {dtype!r}.{did_you_mean(name, ALLOWED)}")
    return name


class DTypePolicy:
    """The dtypes of a layer: one to compute in, one for its variables.

    A dtype's name stands for both. Mixed precision computes in 16 bits, which is fast
    and takes half the memory, and keeps the variables in float32, so that small updates
    are not rounded away.

    Args:
        name: a dtype, such as "float32" or "bfloat16"; or "mixed_float16" or
            "mixed_bfloat16" for mixed precision.
    Raises: InvalidArgumentError for another mixture; DTypeError for no dtype.
    Source: Micikevicius et al. 2018, arXiv:1710.03740, for mixed precision.

    Example:
        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    def __init__(self, name: str = "float32") -> None:
        if not isinstance(name, str):
            raise InvalidArgumentError(
                explain("DTypePolicy", expected="a name such as 'float32'", got=repr(name))
            )
        self._name = name
        if name.startswith("mixed_"):
            self._compute_dtype, self._variable_dtype = name.removeprefix("mixed_"), "float32"
            if self._compute_dtype not in ("float16", "bfloat16"):
                raise InvalidArgumentError(
                    f"Unknown dtype policy '{name}'. Mixed policies: mixed_float16, mixed_bfloat16."
                )
        else:
            self._compute_dtype = self._variable_dtype = standardize_dtype(name)

    @property
    def name(self) -> str:
        """The name, as given to the constructor."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype of the layer's inputs and of its computation."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the layer's variables."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """None: this policy does not quantize."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The inverse of `get_config`.

        Args:
            config: a dict of `get_config`: {"name": ...}.
        """
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


PolicyLike: TypeAlias = DTypePolicy | DTypeLike | dict[str, Any]  # None is the global policy

_global_policy: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given no `dtype`.

    It is what `set_dtype_policy` chose last; before that, floatx for everything.

    Example:
        >>> dtype_policy()
        <DTypePolicy "float32">
    """
    return _global_policy or DTypePolicy(settings.floatx)


def set_dtype_policy(policy: PolicyLike) -> None:
    """Choose the dtypes of layers made from now on, mixed precision for example.

    Args:
        policy: a DTypePolicy, its name, or a dtype; None goes back to floatx.
    Raises: InvalidArgumentError, DTypeError for what is no policy.

    Example:
        >>> import layerlab as keras
        >>> keras.config.set_dtype_policy("mixed_bfloat16")
        >>> keras.layers.Dense(1).compute_dtype
        'bfloat16'
        >>> keras.config.set_dtype_policy(None)
    """
    global _global_policy
    _global_policy = None if policy is None else as_policy(policy)


def as_policy(policy: PolicyLike) -> DTypePolicy:
    """A DTypePolicy from None (the global one), a policy, a name, a config dict or a dtype."""
    if policy is None:
        return dtype_policy()
    if isinstance(policy, DTypePolicy):
        return policy
    if isinstance(policy, dict):
        return DTypePolicy.from_config(policy.get("config", policy))
    if isinstance(policy, str):
        return DTypePolicy(policy)
    return DTypePolicy(standardize_dtype(policy))


assert set(FLOAT_TYPES) <= set(ALLOWED)
