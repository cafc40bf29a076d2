"""Array-likes of every library as arrays of numbers; errors name the place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.host_arrays import host_array, plain_array
from layerlab.errors import DataError, DTypeError, EmptyDataError, explain

__all__ = ["as_arrays", "count_samples", "in_own_memory", "is_list_of_values", "is_sparse"]

PARTS = ("x", "y", "sample_weight")

_FITTING = {"int64": "int32", "uint64": "uint32"}
_NOT_NUMBERS = {
    "U": "text",
    "S": "text",
    "T": "text",
    "M": "dates",
    "m": "time spans",
    "c": "complex numbers",
}


def as_arrays(
    structure: object, what: str, to_host: bool = True, needed: Collection[Any] | None = None
) -> Any:
    """The structure with array-likes as NumPy arrays; float64 becomes floatx, a frame loses its index.

    Args:
        what: the argument's name, for messages.
        to_host: whether arrays of the back end become NumPy arrays too.
        needed: the keys of a dict that somebody reads; None: all. Others are left out if they are no numbers.
    Raises: DTypeError for what is not numbers; DataError for sparse arrays and rows of different lengths.
    """
    if isinstance(structure, np.ndarray):  # nearly always: in microseconds
        return _as_array(structure, what, to_host)
    if is_list_of_values(structure):
        return _as_array(_stack(structure, what), what, to_host)
    if isinstance(structure, Mapping):  # also an open .npz or HDF5 file, or what a tokenizer gives
        return _entries(structure, what, to_host, needed)
    if isinstance(structure, list | tuple):
        children = [as_arrays(child, f"{what}[{i}]", to_host) for i, child in enumerate(structure)]
        if hasattr(structure, "_fields"):
            return type(structure)(*children)
        return children if isinstance(structure, list) else tuple(children)
    return None if structure is None else _as_array(structure, what, to_host)


def _entries(
    structure: Mapping[Any, Any], what: str, to_host: bool, needed: Collection[Any] | None
) -> dict[Any, Any]:
    arrays = {}
    for key, child in structure.items():
        try:
            arrays[key] = as_arrays(child, f"{what}[{key!r}]", to_host)
        except (DataError, DTypeError):
            if needed is None or key in needed:
                raise
    return arrays


def count_samples(data: tuple[Any, ...], where: str = "The data") -> int:
    """The common length of all arrays of `(x, y, sample_weight)`.

    Args:
        where: what the message begins with.
    Raises: DataError if the lengths differ, or there are none.
    """
    leaves = [leaf for leaf in tree.flatten(data) if leaf is not None]
    counts = {leaf.shape[:1] for leaf in leaves}
    if len(counts) == 1 and (count := counts.pop()) and count[0]:  # else find out what to say
        return int(count[0])
    lengths = {}
    for path, leaf in tree.flatten_with_path(data):
        if leaf is not None:
            if not leaf.shape:
                raise DataError(
                    explain(
                        f"{where}: {_label(path)} is a single number.",
                        expected="an array with the samples as first axis",
                        fix="np.array(data) makes one array of a list of samples",
                    )
                )
            lengths[_label(path)] = int(leaf.shape[0])
    if not lengths:
        raise DataError(
            explain(f"{where}: there are none.", fix="pass x, and y for a loss that needs targets")
        )
    if len(set(lengths.values())) > 1:
        raise DataError(_different_lengths(where, lengths))
    samples = next(iter(lengths.values()))
    if samples == 0:
        raise EmptyDataError(explain(f"{where}: empty.", expected="at least one sample", got="0 samples"))
    return samples


def in_own_memory(structure: object) -> Any:
    """The structure with copies of the arrays that can change: data may fill the same memory again."""
    return tree.map_structure(_copied, structure)


def is_list_of_values(structure: object) -> bool:
    """True for a (nested) list of numbers or texts, which is one array, not a list of inputs."""
    if not isinstance(structure, list):
        return False
    while isinstance(structure, list) and structure:
        structure = structure[0]
    return isinstance(structure, int | float | np.number | np.bool_ | str | bytes)


def is_sparse(value: object) -> bool:
    """True for sparse and ragged arrays: of SciPy, JAX, PyTorch, TensorFlow."""
    return _dense_method(value) != ""


def _dense_method(value: object) -> str:
    """The name of the method that makes a dense array of a sparse one; '' for a dense one."""
    for method in ("toarray", "todense", "to_tensor"):
        if hasattr(value, method):
            return method
    return "to_dense" if getattr(value, "is_sparse", None) is True else ""


def _copied(leaf: object) -> Any:
    if isinstance(leaf, np.ndarray):
        return leaf.copy()
    return leaf.clone() if hasattr(leaf, "clone") else leaf  # a torch tensor


def _as_array(leaf: Any, what: str, to_host: bool) -> Any:
    if isinstance(leaf, np.ma.MaskedArray):  # back ends would take what is behind the mask
        raise DataError(
            explain(
                f"{what} is a masked array.", fix=f"fill it, e.g. {what}.filled(0), and weigh the samples"
            )
        )
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biuf":
        return _narrow(leaf, what)
    if is_sparse(leaf):
        raise DataError(
            explain(
                f"{what} is a sparse or ragged {type(leaf).__name__}.",
                expected="a dense array",
                fix=f"pass {what}.{_dense_method(leaf)}()",
            )
        )
    if backend().is_array(leaf) and not isinstance(leaf, np.ndarray):
        if to_host:
            return _narrow(backend().to_numpy(leaf), what)
        return backend().stop_gradient(leaf) if getattr(leaf, "requires_grad", False) else leaf
    if hasattr(leaf, "detach"):  # a torch tensor on another back end
        return _narrow(host_array(leaf, str(leaf.dtype).rpartition(".")[2]), what)
    if hasattr(leaf, "columns") and hasattr(leaf, "to_numpy"):
        return _narrow(_of_frame(leaf, what), what)
    name = getattr(leaf, "name", None)
    return _narrow(_of_column(leaf, f"{what}, '{name}'," if isinstance(name, str) else what), what)


def _of_frame(frame: Any, what: str) -> np.ndarray:
    """(rows, columns) of a data frame; the message for what is not numbers names the column."""
    array = frame.to_numpy()
    if array.dtype.kind in "biuf" and all(isinstance(dtype, np.dtype) for dtype in frame.dtypes):
        return array
    columns = [
        _of_column(frame.iloc[:, i] if hasattr(frame, "iloc") else frame[name], f"{what}, column '{name}',")
        for i, name in enumerate(frame.columns)
    ]
    return np.stack(columns, axis=1) if columns else np.zeros(array.shape)


def _of_column(column: Any, where: str) -> np.ndarray:
    """A series, or any other array-like."""
    is_nullable = hasattr(column, "isna") and not isinstance(column.dtype, np.dtype)
    if is_nullable and column.isna().any():  # pandas would make NaN of them, and NaN of the loss
        raise DTypeError(_missing(where, "NA"))
    array = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if array.dtype == object and array.ndim == 0:
        raise DTypeError(explain(f"{where} is a {type(column).__name__}.", expected="an array of numbers"))
    return _numbers(array, where)


def _numbers(array: np.ndarray, where: str) -> np.ndarray:
    """The array, of a dtype for numbers.

    Raises: DTypeError.
    """
    found = array
    if array.dtype == object:  # values of several kinds, or rows that are arrays themselves
        values = array.tolist()
        missing = next((v for v in values if v is None or type(v).__name__ in ("NAType", "NaTType")), "")
        if missing != "":
            raise DTypeError(_missing(where, missing))
        found = _stack(values, where)
    kind = found.dtype.kind
    if kind in _NOT_NUMBERS or kind == "O" or found.dtype.names is not None:
        samples = ", ".join(repr(str(value))[:20] for value in array.ravel()[:2])
        raise DTypeError(
            explain(
                f"{where} is {_NOT_NUMBERS.get(kind, 'a mixture of objects')} ({samples}), not numbers.",
                fix="encode it first: with a TextVectorization or StringLookup layer, data.map(layer), "
                "or by np.unique(values, return_inverse=True)[1]",
            )
        )
    return found


def _missing(where: str, value: object) -> str:
    return explain(
        f"{where} has missing values ({value}).", expected="numbers", fix="fill them, or drop those rows"
    )


def _stack(values: object, what: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(
            explain(f"{what} is a list of rows of different lengths.", fix="pad them to one length first")
        ) from None


def _narrow(array: np.ndarray, what: str) -> np.ndarray:
    """float64 as floatx; 64-bit integers, which steps take at 32 bits, as they are, if they fit."""
    # NumPy makes float64 of everything; a second copy of float32 data is never made.
    array = plain_array(array)
    if array.dtype == np.float64:
        return array.astype(dtypes.numpy_dtype(dtypes.standardize_dtype(None)))
    if array.dtype.name in _FITTING and array.size:
        limits = np.iinfo(_FITTING[array.dtype.name])
        least, most = array.min(), array.max()
        if least < limits.min or most > limits.max:  # JAX would cut the upper bits off
            raise DTypeError(
                explain(
                    f"{what} holds integers of more than 32 bits.",
                    expected=f"values from {limits.min} to {limits.max}",
                    got=f"{array.dtype.name} from {least} to {most}",
                    fix="number them anew, np.unique(values, return_inverse=True)[1], or hash them",
                )
            )
    return array


def _different_lengths(where: str, lengths: dict[str, int]) -> str:
    # Among hundreds of arrays that agree, the one that does not must be in the message.
    counts = Counter(lengths.values())
    shown = sorted(lengths.items(), key=lambda item: counts[item[1]])[:5]
    got = ", ".join(f"{name} has {length}" for name, length in sorted(shown))
    return explain(
        f"{where}: different numbers of samples.",
        expected="the same for all",
        got=got + (f", ... ({len(lengths)} arrays)" if len(lengths) > 5 else ""),
        fix="np.array(x) makes one array of a list of samples" if len(lengths) > 5 else "",
    )


def _label(path: tuple[Any, ...]) -> str:
    return PARTS[path[0]] + "".join(f"[{key!r}]" for key in path[1:])
