"""Where a lookup's vocabulary comes from: data, tokens, or files; and how it is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, NotAdaptedError, explain
from layerlab.layers.preprocessing.batches import batches_of, is_one_array
from layerlab.layers.preprocessing.host_layer import HostLayer
from layerlab.layers.preprocessing.token_counts import TokenCounts
from layerlab.layers.preprocessing.vocabulary import Table, read_tokens, require_different

__all__ = ["LearnsTokens"]

_FILE = "vocabulary.txt"  # Keras' name, in the assets of a .keras file


class LearnsTokens(HostLayer):
    """The vocabulary of a layer: `adapt`, `set_vocabulary`, `get_vocabulary`, files."""

    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    invert: bool
    output_mode: str
    pad_to_max_tokens: bool
    sparse: bool
    salt: list[int] | None
    token_dtype: str
    encoding: str = "utf-8"
    _tokens: list[Any] | None
    _weights: np.ndarray
    _is_given: bool
    vocabulary: list[Any] | None
    idf_weights: list[float] | None
    _table: Table
    _expected_size: int | None

    # -- for users --------------------------------------------------------------------------------------

    def adapt(self, data: object, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens of the data, most frequent first.

        Of tokens that are as frequent the last in their order comes first, as in Keras.
        Mode "tf_idf" also learns the weights, log(1 + documents / (1 + documents with
        the token)).

        Args:
            data: an array, list or column, each row a document; or an iterable of
                batches: x, or (x, y), of which x counts. What was learned before is
                replaced.
            steps: how many batches are taken; None is all.
        Raises: InvalidArgumentError if the vocabulary was given; EmptyDataError for no
        data, DataError for too many different tokens: nothing changes then.
        """
        self._require_adaptable()
        counts = TokenCounts(self.describe())
        if is_one_array(data) or isinstance(data, list | tuple):
            rows = self._as_tokens(data)
            counts.add(_documents(rows.reshape(-1, 1) if rows.ndim < 2 else rows))
        else:
            for batch in batches_of(data, steps, self.describe()):
                counts.add(_documents(np.atleast_2d(self._as_tokens(batch))))
        self._learn(counts)

    def set_vocabulary(self, vocabulary: object, idf_weights: object = None) -> None:
        """Take tokens as the vocabulary, in their order.

        Args:
            vocabulary: a list, array or column of tokens, or the path of a text file
                with one in each line. It may begin with the mask and oov tokens.
            idf_weights: the weight of each token, in mode "tf_idf".
        Raises: InvalidArgumentError for repeated or no tokens, more than `max_tokens`,
        the mask token among them, or weights that do not fit: nothing changes then.
        """
        self._take(vocabulary, idf_weights)
        self.vocabulary = self.idf_weights = None  # from here on it is kept beside the config

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens, in the order of their numbers.

        Args:
            include_special_tokens: whether the mask and oov tokens come first, so that
                a token's place is its number.
        """
        tokens = list(self._tokens or [])
        return [*self._special(), *tokens] if include_special_tokens else tokens

    def vocabulary_size(self) -> int:
        """The number of tokens, with the mask and oov tokens."""
        return self._token_start() + len(self._tokens or ())

    # -- for TextVectorization and files ------------------------------------------------------------------

    def _require_adaptable(self) -> None:
        if self._is_given:
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} has a given vocabulary.", fix="leave `vocabulary` out to adapt it"
                )
            )

    def _learn(self, counts: TokenCounts) -> None:
        if not counts.documents:
            raise EmptyDataError(
                explain(f"{self.describe()} cannot adapt to no data.", expected="at least one token")
            )
        room = None if self.max_tokens is None else max(0, self.max_tokens - self._token_start())
        tokens = counts.most_common(room, (self.mask_token, self.oov_token))
        if self.output_mode == "tf_idf":
            learned = counts.weights(tokens)
            self._weights = self._padded(learned, self._token_start())
        self._put(tokens)

    def _take(self, vocabulary: object, weights: object) -> None:
        """Set tokens and weights, both or none."""
        if (weights is not None) != (self.output_mode == "tf_idf"):
            raise self._bad(
                "`idf_weights`", "weights in mode 'tf_idf', and in no other", f"{self.output_mode}"
            )
        if isinstance(vocabulary, str | Path):
            given: list[Any] = self._from_lines(read_tokens(vocabulary, self.describe(), self.encoding))
        else:
            given = self._as_tokens(vocabulary).ravel().tolist()
            if not given:
                raise self._bad("vocabulary", "at least one token", "none")
        special = self._special()
        has_special = not isinstance(vocabulary, str | Path) and given[: len(special)] == special
        tokens = given[len(special) :] if has_special else given
        self._check(tokens)
        if weights is not None:
            self._weights = self._given_weights(weights, len(given), 0 if has_special else len(special))
        self._put(tokens)

    def _check(self, tokens: list[Any]) -> None:
        require_different(tokens, self.describe())
        for name, reserved in (("mask", self.mask_token), ("oov", self.oov_token if self.invert else None)):
            if reserved is not None and reserved in tokens:
                where = f"{reserved!r} at place {tokens.index(reserved)}"
                expected = f"the {name} token nowhere, or all of {self._special()} at the beginning"
                raise self._bad("vocabulary", expected, where)
        size = self._token_start() + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise self._bad("vocabulary", f"at most {self.max_tokens} tokens with mask and oov", str(size))

    def _put(self, tokens: list[Any]) -> None:
        self._table = self._make_table(tokens)
        self._tokens = tokens

    def _given_weights(self, weights: object, count: int, front: int) -> np.ndarray:
        values = np.asarray(weights, "float64")
        if values.shape != (count,):
            raise self._bad("`idf_weights`", f"{count} numbers, one for each token", str(values.shape))
        return self._padded(values, front)

    def _padded(self, weights: np.ndarray, front: int) -> np.ndarray:
        """With the mean for the oov tokens before, and zeros up to `max_tokens` behind."""
        mean = weights.mean() if weights.size else 0.0
        full = np.concatenate([np.full(front, mean), weights])
        if self.pad_to_max_tokens and self.max_tokens is not None:
            full = np.pad(full, (0, self.max_tokens - len(full)))
        return full.astype("float32")

    def _bad(self, what: str, expected: str, got: str) -> InvalidArgumentError:
        return InvalidArgumentError(
            explain(f"{self.describe()} got a bad {what}.", expected=expected, got=got)
        )

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices

    def _oov_start(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    def _token_start(self) -> int:
        return self._oov_start() + self.num_oov_indices

    def _depth(self) -> int:
        """The length of a vector. Raises: NotAdaptedError before it is known."""
        depth = self._expected_size if self._tokens is None else self.vocabulary_size()
        depth = self.max_tokens if self.pad_to_max_tokens else depth
        if depth is None:
            raise NotAdaptedError(
                explain(
                    f"{self.describe()} does not know the length of its vectors yet.",
                    fix="adapt it before, or give max_tokens and pad_to_max_tokens=True",
                )
            )
        return depth

    # -- of the subclasses ----------------------------------------------------------------------------------

    def _as_tokens(self, inputs: object) -> np.ndarray:
        raise NotImplementedError

    def _from_lines(self, lines: list[str]) -> list[Any]:
        raise NotImplementedError

    def _make_table(self, tokens: list[Any]) -> Table:
        raise NotImplementedError

    # -- files --------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; what was learned is kept beside them in files."""
        size = self._expected_size if self._tokens is None else self.vocabulary_size()
        return {**super().get_config(), "vocabulary_size": size}

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put the weights of mode "tf_idf" into a store; saving calls it.

        Args:
            store: a mapping that gets them under 'idf_weights'.
        """
        if self.output_mode == "tf_idf":
            store["idf_weights"] = self._weights

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take the weights of mode "tf_idf" from a store; loading calls it.

        Args:
            store: a mapping as `save_own_variables` filled it.
        """
        if self.output_mode == "tf_idf":
            self._weights = np.asarray(store["idf_weights"], "float32")

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, unless the config has it; saving calls it.

        Args:
            dir_path: the folder, which gets a 'vocabulary.txt' with a token in each
                line.
        Raises: DataError for a token with a line break.
        """
        if self.vocabulary is not None or self._tokens is None:
            return
        tokens = [str(token) for token in self.get_vocabulary()]
        broken = next((token for token in tokens if "\n" in token or "\r" in token), None)
        if broken is not None:
            raise DataError(
                explain(
                    f"{self.describe()} has a token with a line break, which its file cannot keep.",
                    got=repr(broken)[:80],
                    fix="make it with vocabulary=layer.get_vocabulary(): its config keeps that",
                )
            )
        Path(dir_path, _FILE).write_text("\n".join(tokens), encoding="utf-8", newline="\n")

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder, unless the config had it; loading calls it.

        Args:
            dir_path: the folder that `save_assets` wrote into.
        Raises: MissingFileError, DataError for a file that does not fit.
        """
        path = Path(dir_path, _FILE)
        if self.vocabulary is not None or (self._expected_size is None and not path.exists()):
            return
        lines = read_tokens(path, self.describe(), "utf-8")
        while lines and lines[-1] == "" and len(lines) != self._expected_size:
            lines.pop()
        if lines and len(lines) + 1 == self._expected_size:
            lines.append("")  # the last token is the empty text
        special = self._special()
        tokens = self._from_lines(lines[len(special) :])
        if lines[: len(special)] != [str(token) for token in special]:
            raise self._bad("vocabulary file", f"{special} at the beginning", str(lines[: len(special)]))
        self._check(tokens)
        size = self.max_tokens if self.pad_to_max_tokens else self._token_start() + len(tokens)
        if self.output_mode == "tf_idf" and self._weights.shape != (size,):
            raise self._bad("file", f"{size} weights", str(self._weights.shape))
        self._put(tokens)


def _documents(rows: np.ndarray) -> list[list[Any]]:
    """The tokens in each row."""
    found: list[list[Any]] = rows.reshape(len(rows), math.prod(rows.shape[1:])).tolist()
    return found
