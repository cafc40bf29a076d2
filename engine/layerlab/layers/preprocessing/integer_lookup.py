"""Integers as the numbers they have in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import UnsupportedError, explain
from layerlab.layers.preprocessing.encode import encode
from layerlab.layers.preprocessing.host_values import as_integers, has_values
from layerlab.layers.preprocessing.index_lookup import IndexLookup
from layerlab.layers.preprocessing.lookup_arguments import LookupArguments, as_choice
from layerlab.layers.preprocessing.vocabulary import Table, integer_table

__all__ = ["IntegerLookup"]


class IntegerLookup(IndexLookup):
    """Integers as their numbers in a vocabulary, or back: any codes become 0, 1, 2 ...

    The vocabulary is given, or learned by `adapt`. The numbers begin with the mask
    token, if there is one and the mode is "int", then come unknown integers,
    then the vocabulary. It works on the data, as in `data.map(layer)`, and within a
    model's compiled step.

    Args:
        max_tokens: size of the vocabulary with mask and oov tokens; None sets no limit.
        num_oov_indices: how many numbers unknown integers share; 0 makes an unknown one
            an error.
        mask_token: the integer that means "nothing here", number 0; in other modes than
            "int" it counts for nothing. None: there is none.
        oov_token: what an unknown number becomes with `invert`.
        vocabulary: a list, array or column of integers, or the path of a text file with
            one in each line; None leaves it to `adapt`.
        vocabulary_dtype: "int64" alone.
        idf_weights: the weight of each integer, for mode "tf_idf" with a `vocabulary`.
        invert: whether numbers become the integers that they stand for.
        output_mode: "int"; "one_hot", a vector for each integer; "multi_hot", one for
            each sample (the last axis), 1 at each integer in it; "count", how often
            each is in it; "tf_idf", that times the integers' weights.
        sparse: False; sparse results do not exist here.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, also if the
            vocabulary is smaller.
        oov_method: how several oov numbers are shared: "floormod", the remainder of the
            division by their number; "farmhash", a hash.
        salt: an integer, or two, for another hash (SipHash), with "farmhash"; None is
            FarmHash.
    Input shape: any
    Output shape: as the input for "int"; else (..., vocabulary), floating
    Raises: InvalidArgumentError, DataError, DTypeError for what does not fit;
    NotAdaptedError for a call without a vocabulary; UnsupportedError in a compiled step
    for what needs the host: num_oov_indices=0, "farmhash", integers of over 32 bits.

    Example:
        >>> layer = IntegerLookup(vocabulary=[12, 36, 1138, 42])
        >>> layer([[12, 1138, 42], [42, 1000, 36]]).tolist()
        [[1, 3, 4], [4, 0, 2]]
    """

    token_dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: object = None,
        vocabulary_dtype: str = "int64",
        idf_weights: object = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: object = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.vocabulary_dtype = as_choice(vocabulary_dtype, ("int64",), "IntegerLookup(vocabulary_dtype)")
        self.oov_method = as_choice(oov_method, ("floormod", "farmhash"), "IntegerLookup(oov_method)")
        if salt is not None and oov_method != "farmhash":
            raise UnsupportedError(
                explain("IntegerLookup takes `salt` with oov_method='farmhash' alone.", got=oov_method)
            )
        given = LookupArguments(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            salt=salt,
        )
        super().__init__(given, vocabulary, idf_weights, name=name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """What the integers are looked up as.

        Args:
            inputs: integers: a list, an array, a column, or a tensor of a step.
        """
        return super().call(inputs) if has_values(inputs) else self._in_step(inputs)

    def _bucket(self, tokens: np.ndarray, is_unknown: np.ndarray) -> np.ndarray:
        if self.oov_method == "floormod":
            return np.asarray(tokens % self.num_oov_indices)
        return super()._bucket(tokens, is_unknown)

    def _as_tokens(self, inputs: object) -> np.ndarray:
        return as_integers(inputs, self.describe())

    def _from_lines(self, lines: list[str]) -> list[int]:
        bad = next((line for line in lines if not line.strip().removeprefix("-").isdecimal()), None)
        if bad is not None:
            raise self._bad("vocabulary file", "an integer in each line", repr(bad)[:40])
        return [int(line) for line in lines]

    def _make_table(self, tokens: list[int]) -> Table:
        return integer_table(tokens)

    def _to_result(self, tokens: np.ndarray) -> Any:
        return backend().asarray(tokens.astype("int64"))

    # -- in a compiled step -------------------------------------------------------------------

    def _in_step(self, inputs: Array) -> Array:
        self._require_vocabulary()
        tokens = np.array([*self.get_vocabulary(include_special_tokens=False), self.oov_token or 0], "int64")
        if (
            np.abs(tokens).max() >= 2**31
            or not self.num_oov_indices
            or (self.num_oov_indices > 1 and self.oov_method == "farmhash")
        ):
            raise UnsupportedError(
                explain(
                    f"{self.describe()} cannot do this in a compiled step.",
                    expected="num_oov_indices of at least 1, oov_method='floormod', integers of 32 bits",
                    fix="call it before, on the data: data.map(layer)",
                )
            )
        x = ops.cast(inputs, "int32")
        if self.invert:
            table = np.array([*self.get_vocabulary(), self.oov_token], "int32")
            inside = ops.logical_and(ops.greater_equal(x, 0), ops.less(x, len(table)))
            return ops.take(table, ops.where(inside, x, len(table) - 1))
        places = self._places_in_step(x, tokens[:-1].astype("int32"))
        if self.output_mode != "tf_idf":
            return places if self.output_mode == "int" else self._vectors(places, self.output_mode)
        return ops.multiply(self._vectors(places, "count"), self._weights.astype(self.compute_dtype))

    def _vectors(self, places: Array, mode: str) -> Array:
        return encode(places, mode, self._depth(), self.compute_dtype)

    def _places_in_step(self, x: Array, tokens: np.ndarray) -> Array:
        start = self._oov_start()
        several = self.num_oov_indices > 1
        unknown = ops.add(start, ops.mod(x, self.num_oov_indices)) if several else ops.full_like(x, start)
        places = unknown
        if len(tokens):
            order = np.argsort(tokens).astype("int32")
            at = ops.minimum(ops.searchsorted(tokens[order], x), len(tokens) - 1)
            is_known = ops.equal(ops.take(tokens[order], at), x)
            places = ops.where(is_known, ops.take(order + self._token_start(), at), unknown)
        if self.mask_token is None:
            return places
        return ops.where(ops.equal(x, self.mask_token), 0 if self.output_mode == "int" else -1, places)
