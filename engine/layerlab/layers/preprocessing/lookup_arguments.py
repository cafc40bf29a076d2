"""The arguments of a lookup, and what they allow together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from layerlab.errors import InvalidArgumentError, UnknownNameError, explain
from layerlab.layers.preprocessing.encode import as_mode, refuse_sparse

__all__ = ["LookupArguments", "as_choice", "as_salt", "checked"]

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


@dataclass
class LookupArguments:
    """Those that are kept as attributes of the layer."""

    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    invert: bool
    output_mode: str
    pad_to_max_tokens: bool
    sparse: bool
    salt: object


def checked(given: LookupArguments, vocabulary: object, idf_weights: object, layer: str) -> LookupArguments:
    """The arguments in their standard form. Raises: InvalidArgumentError for others."""
    given.output_mode = as_mode(given.output_mode, MODES, layer)
    given.sparse = refuse_sparse(given.sparse, layer)
    given.salt = as_salt(given.salt, layer)
    if given.max_tokens is not None:
        _require(_whole(given.max_tokens, 2), layer, "`max_tokens`", "an integer above 1", given.max_tokens)
    _require(
        _whole(given.num_oov_indices, 0),
        layer,
        "`num_oov_indices`",
        "an integer of at least 0",
        given.num_oov_indices,
    )
    padded = given.pad_to_max_tokens and given.max_tokens is None
    _require(not padded, layer, "`pad_to_max_tokens`", "`max_tokens` with it", "max_tokens=None")
    mode = given.output_mode
    _require(not given.invert or mode == "int", layer, "`invert`", "output_mode='int'", repr(mode))
    has_tf_idf = idf_weights is None or mode == "tf_idf"
    _require(has_tf_idf, layer, "`idf_weights`", "output_mode='tf_idf' with them", repr(mode))
    lacks = mode == "tf_idf" and vocabulary is not None and idf_weights is None
    _require(not lacks, layer, "`vocabulary` in mode 'tf_idf'", "`idf_weights` with it", "None")
    return given


def as_salt(salt: object, layer: str) -> list[int] | None:
    """Two integers, from one or two. Raises: InvalidArgumentError."""
    if salt is None:
        return None
    pair: Sequence[Any] = [salt, salt] if _whole(salt, 0) else salt if isinstance(salt, list | tuple) else ()
    good = len(pair) == 2 and all(_whole(part, 0) for part in pair)
    _require(good, layer, "`salt`", "an integer of at least 0, or two of them", repr(salt)[:40])
    return [int(part) for part in pair]


def as_choice(value: str, allowed: tuple[str, ...], what: str) -> str:
    """`value`. Raises: UnknownNameError unless it is one of those allowed."""
    if value not in allowed:
        raise UnknownNameError(
            explain(f"{what} has a bad value.", expected=", ".join(allowed), got=repr(value))
        )
    return value


def _whole(value: object, least: int) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and int(value.__index__()) >= least


def _require(holds: bool, layer: str, what: str, expected: str, got: object) -> None:
    if not holds:
        raise InvalidArgumentError(explain(f"{layer} got a bad {what}.", expected=expected, got=str(got)))
