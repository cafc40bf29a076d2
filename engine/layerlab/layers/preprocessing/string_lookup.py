"""Texts as the numbers they have in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.layers.preprocessing.host_values import as_texts
from layerlab.layers.preprocessing.index_lookup import IndexLookup
from layerlab.layers.preprocessing.lookup_arguments import LookupArguments
from layerlab.layers.preprocessing.vocabulary import Table, text_table

__all__ = ["StringLookup"]


class StringLookup(IndexLookup):
    """Texts as their numbers in a vocabulary, or numbers as texts.

    The vocabulary is given, or learned by `adapt`. The numbers begin with the mask
    token, if there is one and the mode is "int", then come unknown texts, then
    the vocabulary. It works on the host: call it on the data, before the model, as in
    `data.map(layer)`; a model's compiled step holds no texts.

    Args:
        max_tokens: size of the vocabulary with mask and oov tokens; None sets no limit.
        num_oov_indices: how many numbers unknown texts share, by their hash; 0 makes an
            unknown text an error.
        mask_token: the text that means "nothing here", number 0; in other modes than
            "int" it counts for nothing. None: there is none.
        oov_token: what an unknown number becomes with `invert`.
        vocabulary: a list, array or column of texts, or the path of a text file with
            one in each line; None leaves it to `adapt`.
        idf_weights: the weight of each text, for mode "tf_idf" with a `vocabulary`.
        invert: whether numbers become texts, as an array of str.
        output_mode: "int"; "one_hot", a vector for each text; "multi_hot", one for each
            sample (the last axis), 1 at each text in it; "count", how often each is in
            it; "tf_idf", that times the texts' weights.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, also if the
            vocabulary is smaller.
        sparse: False; sparse results do not exist here.
        encoding: of bytes, and of a vocabulary file.
        salt: an integer, or two, by which unknown texts are hashed in another way
            (SipHash); None is FarmHash.
    Input shape: any; lists, arrays of str, bytes or objects, columns
    Output shape: as the input for "int"; else (..., vocabulary), floating
    Raises: InvalidArgumentError, DataError, DTypeError for what does not fit;
    NotAdaptedError for a call without a vocabulary.

    Example:
        >>> layer = StringLookup(vocabulary=["a", "b", "c"])
        >>> layer([["a", "c"], ["z", "b"]]).tolist()
        [[1, 3], [0, 2]]
        >>> StringLookup(vocabulary=["a", "b", "c"], invert=True)([2, 0]).tolist()
        ['b', '[UNK]']
    """

    token_dtype = "string"

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: object = None,
        idf_weights: object = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: object = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
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
        kwargs.pop("oov_method", None)  # in Keras' configs; texts are always hashed
        super().__init__(given, vocabulary, idf_weights, name=name, **kwargs)

    def _as_tokens(self, inputs: object) -> np.ndarray:
        return as_texts(inputs, self.describe(), self.encoding)

    def _from_lines(self, lines: list[str]) -> list[str]:
        return lines

    def _make_table(self, tokens: list[str]) -> Table:
        return text_table(tokens)

    def _to_result(self, tokens: np.ndarray) -> Any:
        return tokens
