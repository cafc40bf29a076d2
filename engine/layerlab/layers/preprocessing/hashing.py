"""Texts and integers in a fixed number of bins, by a hash: no vocabulary is learned or kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.arguments import POSITIVE_INTEGER
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, explain
from layerlab.layers.preprocessing.encode import as_mode, encode_on_host, encoded_shape, refuse_sparse
from layerlab.layers.preprocessing.fingerprint import fingerprint64
from layerlab.layers.preprocessing.hashes import buckets, joined_fingerprints
from layerlab.layers.preprocessing.host_layer import HostLayer
from layerlab.layers.preprocessing.host_values import as_integers, as_texts, plain_values
from layerlab.layers.preprocessing.lookup_arguments import as_salt
from layerlab.settings import settings
from layerlab.typing import DTypeLike

__all__ = ["HashedCrossing", "Hashing"]

_CROSSING_KEY = 0xDECAFCAFFE  # of TensorFlow's crosses


class Hashing(HostLayer):
    """Texts or integers as the numbers of bins, which their hash chooses.

    Any value has a bin, and two may share one: the more bins, the fewer do. The bins
    are the same on every machine, and in Keras (FarmHash). It works on the host: call
    it on the data, before the model, as in `data.map(layer)`.

    Args:
        num_bins: the number of bins, with the mask's.
        mask_value: the value that means "nothing here", which has bin 0 to itself;
            None: there is none.
        salt: an integer, or two, by which bins are chosen in another way (SipHash);
            None is FarmHash.
        output_mode: "int"; "one_hot", a vector for each value; "multi_hot", one for
            each sample (the last axis), 1 at each bin in it; "count", how many values
            of the sample are in each bin.
        sparse: False; sparse results do not exist here.
        **kwargs: `name`, `dtype` (an integer dtype for "int", by default 'int64', else
            a floating one) and what else Layer takes.
    Input shape: any; lists, arrays and columns of texts or integers. The fraction of a
    number is cut off.
    Output shape: as the input for "int"; else (..., num_bins)
    Raises: InvalidArgumentError, DataError, DTypeError for what does not fit.

    Example:
        >>> Hashing(num_bins=3)(["A", "B", "C", "D", "E"]).tolist()
        [1, 0, 1, 1, 2]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: str | int | None = None,
        salt: object = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        self.output_mode = as_mode(output_mode, ("int", "one_hot", "multi_hot", "count"), "Hashing")
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else settings.floatx
        super().__init__(**kwargs)
        _require_integers(self.compute_dtype, self.output_mode, "Hashing")
        POSITIVE_INTEGER.require("Hashing", "num_bins", num_bins)
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = as_salt(salt, "Hashing")
        self.sparse = refuse_sparse(sparse, "Hashing")

    def call(self, inputs: object) -> Any:
        """The bins of values.

        Args:
            inputs: texts or integers: one, a list, an array, a column.
        """
        values = _texts_or_integers(inputs, self.describe())
        bins = self._bins(values)
        encoded = encode_on_host(bins, self.output_mode, self.num_bins, self.compute_dtype)
        return backend().asarray(encoded)

    def _bins(self, values: np.ndarray) -> np.ndarray:
        is_masked = self.mask_value is not None and self.num_bins > 1
        hashed = values.astype("int64") if values.dtype.kind == "f" else values
        texts = [str(value) for value in hashed.ravel().tolist()]
        found = buckets(texts, self.num_bins - is_masked, self.salt).reshape(values.shape)
        return np.where(values == self.mask_value, 0, found + 1) if is_masked else found

    def _output_spec(self, inputs: KerasTensor) -> KerasTensor:
        shape = inputs.shape or ((1,) if self.output_mode != "int" else ())
        return KerasTensor(encoded_shape(shape, self.output_mode, self.num_bins), self.compute_dtype)


class HashedCrossing(HostLayer):
    """Two or more features as one: the bin that the hash of their values together chooses.

    So a model can learn what a combination means, such as a town and an hour, which
    sums of the two cannot tell. The bins are the same in Keras. It works on the host:
    call it on the data, before the model.

    Args:
        num_bins: the number of bins.
        output_mode: "int", or "one_hot", a vector for each combination.
        sparse: False; sparse results do not exist here.
        dtype: of the result; None is 'int64' for "int", else the global policy.
    Call: `layer((towns, hours))`, a list or tuple of features of one shape.
    Input shape: (batch,), (batch, 1) or () each, texts or integers
    Output shape: as of a feature for "int"; else (batch, num_bins)
    Raises: InvalidArgumentError, DataError, DTypeError for what does not fit.

    Example:
        >>> HashedCrossing(num_bins=5)((["A", "B", "A"], [101, 101, 102])).tolist()
        [1, 4, 3]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: DTypeLike = None,
        **kwargs: Any,
    ) -> None:
        self.output_mode = as_mode(output_mode, ("int", "one_hot"), "HashedCrossing")
        super().__init__(
            name=name, dtype="int64" if dtype is None and output_mode == "int" else dtype, **kwargs
        )
        _require_integers(self.compute_dtype, self.output_mode, "HashedCrossing")
        POSITIVE_INTEGER.require("HashedCrossing", "num_bins", num_bins)
        self.num_bins = num_bins
        self.sparse = refuse_sparse(sparse, "HashedCrossing")

    def call(self, inputs: object) -> Any:
        """The bins of combinations.

        Args:
            inputs: a list or tuple of features, each texts or integers.
        """
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} crosses features.",
                    expected="a list or tuple of at least two",
                    got=type(inputs).__name__
                    if not isinstance(inputs, list | tuple)
                    else f"{len(inputs)} of them",
                )
            )
        features = [_texts_or_integers(feature, self.describe(), fractions=False) for feature in inputs]
        shapes = [feature.shape for feature in features]
        if len(set(shapes)) > 1 or len(shapes[0]) > 2 or shapes[0][1:] not in ((), (1,)):
            raise DataError(
                explain(
                    f"{self.describe()} got features that do not fit together.",
                    expected="one shape of all: (batch,), (batch, 1) or ()",
                    got=", ".join(map(str, shapes[:5])),
                )
            )
        rows = zip(*(feature.ravel().tolist() for feature in features), strict=True)
        bins = np.array([_crossed(row) % self.num_bins for row in rows], "int64").reshape(shapes[0])
        encoded = encode_on_host(bins, self.output_mode, self.num_bins, self.compute_dtype)
        return backend().asarray(encoded)

    def _output_spec(self, inputs: Any) -> KerasTensor:
        shape = inputs[0].shape or ((1,) if self.output_mode != "int" else ())
        return KerasTensor(encoded_shape(shape, self.output_mode, self.num_bins), self.compute_dtype)


def _crossed(row: tuple[Any, ...]) -> int:
    """One hash of the values; an integer is its own."""
    found = _CROSSING_KEY
    for value in row:
        found = joined_fingerprints(
            found, value % 2**64 if isinstance(value, int) else fingerprint64(value.encode())
        )
    return found


def _texts_or_integers(values: object, where: str, fractions: bool = True) -> np.ndarray:
    array = plain_values(values, where)
    if array.dtype.kind == "f" and fractions and np.isfinite(array).all():
        return array
    is_number = array.dtype.kind in "biuf" or (array.dtype.kind == "O" and _holds_numbers(array))
    return as_integers(array, where) if is_number else as_texts(array, where)


def _holds_numbers(array: np.ndarray) -> bool:
    return bool(array.size) and all(
        isinstance(value, int | float | np.number) for value in array.ravel().tolist()
    )


def _require_integers(dtype: str, mode: str, layer: str) -> None:
    if mode == "int" and dtype not in ("int32", "int64"):
        raise DTypeError(
            explain(f"{layer} gives integers in mode 'int'.", expected="dtype 'int32' or 'int64'", got=dtype)
        )
