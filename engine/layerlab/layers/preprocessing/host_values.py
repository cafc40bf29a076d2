"""What a layer that works on the host is called on: texts and integers from any library, as NumPy arrays.

Texts come as str or bytes in lists, arrays of each of NumPy's kinds, or columns of a table. They become
arrays of str objects: NumPy's own text arrays give each text the room of the longest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.errors import DataError, DTypeError, UnsupportedError, explain

__all__ = ["as_integers", "as_texts", "has_values", "plain_values"]


def as_texts(values: object, where: str, encoding: str = "utf-8") -> np.ndarray:
    """An array of str objects, of the shape that the values have.

    Raises: DTypeError for numbers and missing values; DataError for bytes that are no text, and for rows of
    different lengths.
    """
    array = plain_values(values, where)
    if array.dtype.kind in "biufc":
        raise DTypeError(
            explain(
                f"{where} takes texts.",
                got=f"numbers ({array.dtype})",
                fix="IntegerLookup takes integers; str(...) makes text of a number",
            )
        )
    array = array.astype(object) if array.dtype.kind != "O" else array
    kinds = set(map(type, array.ravel().tolist()))
    if kinds <= {str}:
        return array
    texts = [_text(value, where, encoding) for value in array.ravel().tolist()]
    found = np.empty(len(texts), object)
    found[:] = texts
    return found.reshape(array.shape)


def as_integers(values: object, where: str) -> np.ndarray:
    """An array of int64. Raises: DTypeError for texts; DataError for missing values and fractions."""
    array = plain_values(values, where)
    if array.dtype.kind == "O":
        array = _from_objects(array, where)
    if array.dtype.kind in "biu":
        return array.astype("int64")
    if array.dtype.kind != "f" and array.size:
        raise DTypeError(
            explain(f"{where} takes integers.", got=str(array.dtype), fix="StringLookup takes texts")
        )
    whole = np.isfinite(array) & (array == np.floor(array))
    if not whole.all():
        raise DataError(
            explain(
                f"{where} takes integers.",
                got=str(array[~whole].ravel()[0]),
                fix="fill in missing values; Discretization makes integers of fractions",
            )
        )
    return array.astype("int64")


def plain_values(values: object, where: str) -> np.ndarray:
    """A NumPy array of any dtype. Raises: DataError for rows of different lengths."""
    if not has_values(values):
        raise UnsupportedError(
            explain(
                f"{where} works on the host and cannot be part of a compiled step.",
                fix="call it before, on the data: data.map(layer), or layer(values)",
            )
        )
    if backend().is_array(values):
        return backend().to_numpy(values)
    if hasattr(values, "to_tensor"):
        raise UnsupportedError(explain(f"{where} got a ragged tensor.", fix="pass values.to_tensor()"))
    for method in ("to_numpy", "numpy"):  # a column of a table, a tensor of TensorFlow
        if hasattr(values, method) and not isinstance(values, np.ndarray):
            values = getattr(values, method)()
    if isinstance(values, list | tuple):
        return _from_list(values, where)
    return np.asarray(values)


def has_values(values: object) -> bool:
    """False for what stands for an array while a step is compiled."""
    return not (backend().is_array(values) and backend().is_abstract(values))


def _from_list(values: list[Any] | tuple[Any, ...], where: str) -> np.ndarray:
    array = np.array([_inner(value) for value in values], dtype=object)
    if any(isinstance(item, list | tuple | np.ndarray) for item in array.ravel().tolist()):
        raise DataError(
            explain(
                f"{where} got rows of different lengths.",
                fix='fill them up to one length, e.g. with "" or a mask token',
            )
        )
    kinds = set(map(type, array.ravel().tolist()))
    is_text = any(issubclass(kind, str | bytes) for kind in kinds)
    return array if is_text or not kinds else np.array(array.tolist())


def _inner(value: Any) -> Any:
    if backend().is_array(value) and not isinstance(value, np.ndarray):
        value = backend().to_numpy(value)
    return value.tolist() if isinstance(value, np.ndarray) else value


def _text(value: object, where: str, encoding: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                explain(
                    f"{where} got bytes that are no text.",
                    expected=encoding,
                    got=repr(value[:40]),
                    fix="decode them first: bytes.decode('latin-1'), or with errors='replace'",
                )
            ) from error
    raise DTypeError(
        explain(
            f"{where} takes texts.",
            got=f"{type(value).__name__} ({str(value)[:40]}) among them",
            fix="fill in missing values, e.g. with ''; str(...) makes text of a number",
        )
    )


def _from_objects(array: np.ndarray, where: str) -> np.ndarray:
    """Of integers in an array of objects, as a table's column with gaps has them."""
    values = array.ravel().tolist()
    strange = next((v for v in values if not isinstance(v, int | float | np.number)), None)
    if any(not isinstance(v, int | float | np.number) for v in values):
        raise DTypeError(
            explain(
                f"{where} takes integers.",
                got=f"{type(strange).__name__} ({str(strange)[:40]})",
                fix="fill in missing values; StringLookup takes texts",
            )
        )
    return np.array(values).reshape(array.shape)
