"""IndexLookup: what StringLookup and IntegerLookup are, and TextVectorization uses: tokens to their numbers.

The numbers begin with the mask token (mode "int" only) and the buckets for unknown tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, DataError, NotAdaptedError, explain
from layerlab.layers.preprocessing.encode import encode_on_host, encoded_shape
from layerlab.layers.preprocessing.hashes import buckets
from layerlab.layers.preprocessing.host_values import as_integers
from layerlab.layers.preprocessing.lookup_arguments import LookupArguments, checked
from layerlab.layers.preprocessing.lookup_learning import LearnsTokens

__all__ = ["IndexLookup", "refuse_path"]


class IndexLookup(LearnsTokens):
    """Tokens to numbers, or back, or to vectors; one kind of token in each subclass."""

    def __init__(
        self, arguments: LookupArguments, vocabulary: object, idf_weights: object, **kwargs: Any
    ) -> None:
        """Used by the subclasses.

        Args:
            arguments: those that say how to look up.
            vocabulary: tokens, a path, or None.
            idf_weights: of the tokens, for "tf_idf".
            **kwargs: of Layer, and what configs of Keras have beside.
        """
        kwargs.pop("has_input_vocabulary", None)
        self._expected_size = kwargs.pop("vocabulary_size", None)
        super().__init__(**kwargs)
        for name, value in vars(checked(arguments, vocabulary, idf_weights, type(self).__name__)).items():
            setattr(self, name, value)
        self.vocabulary = self.idf_weights = None
        self._weights = np.zeros(0, "float32")
        self._tokens = None
        self._is_given = vocabulary is not None
        if vocabulary is not None:
            self._take(vocabulary, idf_weights)
            if not isinstance(vocabulary, str | Path):  # else it goes to files beside the config
                self.vocabulary = self._as_tokens(vocabulary).tolist()
                self.idf_weights = None if idf_weights is None else np.asarray(idf_weights).tolist()

    def call(self, inputs: object) -> Any:
        """What the tokens are looked up as.

        Args:
            inputs: texts or integers: a list, an array, a column.
        """
        self._require_vocabulary()
        if self.invert:
            return self._to_result(self._inverted(as_integers(inputs, self.describe())))
        places = self._places(self._as_tokens(inputs))
        if self.output_mode == "int":
            return backend().asarray(places)
        return backend().asarray(self._encoded(places))

    def _require_vocabulary(self) -> None:
        if self._tokens is None:
            raise NotAdaptedError(
                explain(
                    f"{self.describe()} has no vocabulary yet.",
                    fix="layer.adapt(data) learns one, layer.set_vocabulary(tokens) takes one",
                )
            )

    def _places(self, tokens: np.ndarray) -> np.ndarray:
        """The number of each token; -1 for a mask that counts for nothing."""
        found = self._table(tokens)
        places = np.where(found < 0, self._unknown(tokens, found < 0), found + self._token_start())
        if self.mask_token is not None:
            places = np.where(tokens == self.mask_token, 0 if self.output_mode == "int" else -1, places)
        return places.astype("int64")

    def _unknown(self, tokens: np.ndarray, is_unknown: np.ndarray) -> Any:
        """The buckets of the unknown tokens, which are hashed where there are several."""
        start, count = self._oov_start(), self.num_oov_indices
        if count == 1 or not is_unknown.any():
            return start
        if count > 1:
            return start + self._bucket(tokens, is_unknown)
        strangers = tokens[is_unknown & (tokens != self.mask_token)].tolist()
        if strangers:
            raise DataError(
                explain(
                    f"{self.describe()} got tokens that are not in its vocabulary.",
                    got=", ".join(repr(token)[:40] for token in dict.fromkeys(strangers[:20])),
                    fix="num_oov_indices=1 gives unknown tokens a number",
                )
            )
        return start

    def _bucket(self, tokens: np.ndarray, is_unknown: np.ndarray) -> np.ndarray:
        found = np.zeros(tokens.shape, "int64")
        texts = [str(token) for token in tokens[is_unknown].tolist()]
        found[is_unknown] = buckets(texts, self.num_oov_indices, self.salt)
        return found

    def _encoded(self, places: np.ndarray) -> np.ndarray:
        dtype = self.compute_dtype
        if self.output_mode != "tf_idf":
            return encode_on_host(places, self.output_mode, self._depth(), dtype)
        return encode_on_host(places, "count", self._depth(), dtype) * self._weights.astype(dtype)

    def _inverted(self, numbers: np.ndarray) -> np.ndarray:
        tokens = self._special() + list(self._tokens or [])
        table = np.empty(len(tokens) + 1, object)
        table[:] = [*tokens, self.oov_token]
        inside = (numbers >= 0) & (numbers < len(tokens))
        return table[np.where(inside, numbers, len(tokens))]

    def _to_result(self, tokens: np.ndarray) -> Any:
        raise NotImplementedError

    def _output_spec(self, inputs: KerasTensor) -> KerasTensor:
        if self.output_mode == "int":
            return KerasTensor(inputs.shape, self.token_dtype if self.invert else "int64")
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return KerasTensor(encoded_shape(inputs.shape or (1,), mode, self._depth()), self.compute_dtype)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output, for a shape of tokens.

        Args:
            input_shape: a tuple, None where a size is open.
        """
        return self.compute_output_spec(KerasTensor(input_shape, self.token_dtype)).shape

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config that `get_config` gave.

        Args:
            config: a dict of the constructor's arguments.
        Raises: ConfigError for a vocabulary that is a path: a config may be a
        stranger's, and read any file with it.
        """
        refuse_path(config.get("vocabulary"), cls.__name__)
        return super().from_config(config)


def refuse_path(vocabulary: object, layer: str) -> None:
    """Raise ConfigError for a config's vocabulary that is a path."""
    if isinstance(vocabulary, str):
        raise ConfigError(
            explain(
                f"The config of a {layer} names a vocabulary file outside of it.",
                got=vocabulary[:80],
                fix="make the layer yourself, with this path as `vocabulary`",
            )
        )
