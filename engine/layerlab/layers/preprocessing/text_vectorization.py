"""Texts as rows of the numbers of their words, or as vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from layerlab.core.config import deserialize_keras_object
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.layers.preprocessing.batches import batches_of, is_one_array
from layerlab.layers.preprocessing.host_layer import HostLayer
from layerlab.layers.preprocessing.host_values import as_texts
from layerlab.layers.preprocessing.index_lookup import refuse_path
from layerlab.layers.preprocessing.lookup_arguments import as_choice
from layerlab.layers.preprocessing.string_lookup import StringLookup
from layerlab.layers.preprocessing.text_steps import (
    SPLITS,
    STANDARDS,
    as_widths,
    filled,
    neighbours,
    split_texts,
    standardized,
)
from layerlab.layers.preprocessing.token_counts import TokenCounts

__all__ = ["TextVectorization"]

Step = str | Callable[..., Any] | None


class TextVectorization(HostLayer):
    """Texts as rows of the numbers of their words, or as vectors of counts.

    A text is standardized, split into tokens, these are perhaps joined to n-grams and
    looked up in a vocabulary, which is given, or learned by `adapt`. In mode "int" 0
    fills up rows and 1 is any unknown token, in the others 0 is unknown. It works on
    the host: call it on the data, before the model, as in `data.map(layer)`; a model's
    compiled step holds no texts.

    Args:
        max_tokens: size of the vocabulary with "" and "[UNK]"; None sets no limit.
        standardize: "lower_and_strip_punctuation" (A to Z alone become lower case, as
            in Keras), "lower", "strip_punctuation", None, or a function of an array of
            texts.
        split: "whitespace", "character", None for texts that are tokens, or a function
            of an array of texts that gives a list of tokens for each.
        ngrams: 2 adds each pair of neighbours to the tokens, 3 triples too; (2,) takes
            pairs alone. None takes single tokens.
        output_mode: "int"; "multi_hot", a vector with 1 at each token in the text;
            "count", how often each is in it; "tf_idf", that times the tokens' weights;
            "one_hot", a vector for each token.
        output_sequence_length: the length that rows are cut or filled up to, in mode
            "int"; None takes the longest row of the batch.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, also if the
            vocabulary is smaller.
        vocabulary: a list, array or column of tokens, or the path of a text file with
            one in each line; None leaves it to `adapt`.
        idf_weights: the weight of each token, for mode "tf_idf" with a `vocabulary`.
        sparse, ragged: False; sparse and ragged results do not exist here.
        encoding: of bytes, and of a vocabulary file.
    Input shape: (batch,) or (batch, 1), texts; or a single text
    Output shape: (batch, length) for "int"; else (batch, vocabulary), floating
    Raises: InvalidArgumentError, DataError, DTypeError for what does not fit;
    NotAdaptedError for a call without a vocabulary; UnsupportedError for `ragged`.

    Example:
        >>> layer = TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["The cat sat.", "The dog!"])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
        >>> layer(["A cat, the cat"]).tolist()
        [[1, 5, 2, 5]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Step = "lower_and_strip_punctuation",
        split: Step = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: object = None,
        idf_weights: object = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        beside = {key: kwargs.pop(key, None) for key in ("has_input_vocabulary", "vocabulary_size")}
        super().__init__(name=name, **kwargs)
        if ragged:
            raise UnsupportedError(
                explain(
                    "TextVectorization: there are no ragged results.",
                    fix="leave `ragged` out: shorter rows are filled up with 0, as for mask_zero=True",
                )
            )
        self.ragged = False
        self.standardize = _step(standardize, STANDARDS, "standardize")
        self.split = _step(split, SPLITS, "split")
        self.ngrams = ngrams
        self._widths = as_widths(ngrams)
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            dtype=self.dtype_policy,
            **beside,
        )
        self.output_mode = self._lookup_layer.output_mode
        self.output_sequence_length = _length(output_sequence_length, self.output_mode)
        self.max_tokens, self.pad_to_max_tokens, self.sparse = max_tokens, pad_to_max_tokens, False

    @property
    def vocabulary(self) -> list[Any] | None:
        """The tokens that the config keeps: those given as `vocabulary`; None for others."""
        return self._lookup_layer.vocabulary

    @property
    def idf_weights(self) -> list[float] | None:
        """The weights that the config keeps: those given as `idf_weights`."""
        return self._lookup_layer.idf_weights

    def call(self, inputs: object) -> Any:
        """The numbers or vectors of texts.

        Args:
            inputs: texts: one, a list, an array, a column.
        """
        texts = as_texts(inputs, self.describe(), self.encoding)
        rows, shape = self._tokens_of(texts)
        table = filled(rows, self.output_sequence_length)
        return self._lookup_layer.call(table.reshape(*shape, table.shape[-1]))

    def _tokens_of(self, texts: Any) -> tuple[list[list[str]], tuple[int, ...]]:
        rows, shape = split_texts(
            standardized(texts, self.standardize, self.describe()), self.split, self.describe()
        )
        return rows if self._widths is None else [neighbours(row, self._widths) for row in rows], shape

    def _output_spec(self, inputs: KerasTensor) -> KerasTensor:
        if self.output_mode == "int":
            return KerasTensor((*inputs.shape[:1], self.output_sequence_length), "int64")
        split = (*inputs.shape[:1], None)
        return self._lookup_layer.compute_output_spec(KerasTensor(split, "string"))

    # -- the vocabulary -----------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens of the texts, most frequent first.

        Of tokens that are as frequent the last in their order comes first, as in Keras.
        Mode "tf_idf" also learns the weights, log(1 + texts / (1 + texts with the
        token)).

        Args:
            data: texts as an array, list or column; or an iterable of batches: x, or
                (x, y), of which x counts. What was learned before is replaced.
            batch_size: for calls written for Keras, which does not use it either.
            steps: how many batches are taken; None is all.
        Raises: InvalidArgumentError if the vocabulary was given; EmptyDataError for no
        data, DataError for too many different tokens: nothing changes then.
        """
        self._lookup_layer._require_adaptable()
        counts = TokenCounts(self.describe())
        whole = is_one_array(data) or isinstance(data, list | tuple)
        for batch in [data] if whole else batches_of(data, steps, self.describe()):
            texts = as_texts(batch, self.describe(), self.encoding)
            counts.add(self._tokens_of(texts.reshape(-1, 1) if whole and texts.ndim < 2 else texts)[0])
        self._lookup_layer._learn(counts)

    def set_vocabulary(self, vocabulary: object, idf_weights: object = None) -> None:
        """Take tokens as the vocabulary, in their order.

        Args:
            vocabulary: a list, array or column of tokens, or the path of a text file
                with one in each line. It may begin with "" and "[UNK]".
            idf_weights: the weight of each token, in mode "tf_idf".
        Raises: InvalidArgumentError for repeated or no tokens, more than `max_tokens`,
        or weights that do not fit: nothing changes then.
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens, in the order of their numbers.

        Args:
            include_special_tokens: whether "" and "[UNK]" come first, so that a token's
                place is its number.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of tokens, with "" and "[UNK]"."""
        return self._lookup_layer.vocabulary_size()

    # -- files --------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; what was learned is kept beside them in files."""
        size = self._lookup_layer.get_config()["vocabulary_size"]
        return {**super().get_config(), "vocabulary_size": size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config that `get_config` gave.

        Args:
            config: a dict of the constructor's arguments.
        Raises: ConfigError for a vocabulary that is a path, as of StringLookup.
        """
        refuse_path(config.get("vocabulary"), cls.__name__)
        steps: dict[str, Any] = {
            key: deserialize_keras_object(config[key]) for key in ("standardize", "split") if key in config
        }
        ngrams = config.get("ngrams")
        return super().from_config(
            {**config, **steps, "ngrams": tuple(ngrams) if isinstance(ngrams, list) else ngrams}
        )

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put the weights of mode "tf_idf" into a store; saving calls it.

        Args:
            store: a mapping that gets them under 'idf_weights'.
        """
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take the weights of mode "tf_idf" from a store; loading calls it.

        Args:
            store: a mapping as `save_own_variables` filled it.
        """
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, unless the config has it; saving calls it.

        Args:
            dir_path: the folder, which gets a 'vocabulary.txt'.
        """
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder, unless the config had it; loading calls it.

        Args:
            dir_path: the folder that `save_assets` wrote into.
        """
        self._lookup_layer.load_assets(dir_path)


def _step(value: Step, names: tuple[str, ...], what: str) -> Step:
    if value is None or callable(value):
        return value
    return as_choice(value, names, f"TextVectorization({what})")


def _length(value: object, mode: str) -> int | None:
    good = value is None or (
        isinstance(value, int) and not isinstance(value, bool) and value > 0 and mode == "int"
    )
    if not good:
        raise InvalidArgumentError(
            explain(
                "TextVectorization got a bad `output_sequence_length`.",
                expected="a positive integer in mode 'int', else None",
                got=f"{value!r} in mode {mode!r}",
            )
        )
    return value  # type: ignore[return-value]
