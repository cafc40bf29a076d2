"""Which sizes to put in place of unknown ones while shapes are inferred.

Made-up ones first. Where those do not fit a known size (of another tensor, or one that the code of a layer
holds), sizes that may fit: an unknown size meets a known one, as it would in the data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from layerlab.typing import OpenShape

__all__ = ["STAND_INS", "fitting_sizes", "mentions_made_up", "with_sizes", "without_made_up"]


# What comes out different for two of them depends on the unknown size. 1 shows what is cut to at most a size,
# x[:, :10] or min(n, 3); where it is too small, the third is for it. The large ones are primes, so that no
# stride up to 64 maps both to the same size.
STAND_INS = (1009, 1, 2003)
_MADE_UP = STAND_INS[0]
_MOST_NUMBERS = 4
_MOST_ROWS = 2**14  # the NumPy back end has no abstract values
_NUMBER = re.compile(r"(?<![\w.])\d+(?!\w|\.\d)")


def with_sizes(shape: OpenShape, size: int | None) -> tuple[int, ...]:
    """`shape` with `size` where it is unknown."""
    return tuple(size if known is None else known for known in shape)  # type: ignore[misc]


def mentions_made_up(message: str) -> bool:
    """Whether an error is about a made-up size."""
    return any(number and number % _MADE_UP == 0 for number in _numbers(message))


def without_made_up(message: str) -> str:
    """An error's text with None where it has a made-up size."""
    return re.sub(rf"\b{_MADE_UP}\b", "None", message)


def fitting_sizes(
    shapes: Sequence[OpenShape], message: str
) -> Iterator[tuple[list[OpenShape], Sequence[int]]]:
    """Shapes, and stand-ins for what is still unknown in them, that an evaluation may succeed with that
    failed with made-up sizes; likely ones first.

    Args:
        message: what the evaluation failed with. Sizes that did not meet are among its numbers.
    """
    for aligned_right in (True, False):  # as broadcasting aligns axes, then as merging layers do
        unified = _unified(shapes, aligned_right)
        if unified != list(shapes):
            yield unified, STAND_INS
    unknown = sorted({axis for shape in shapes for axis, size in enumerate(shape) if size is None})
    for number in _candidates(message):
        yield list(shapes), (number, 2 * number, 1)  # a divisor, or the most that is possible
        for axis in unknown:
            yield [_fixed(shape, axis, number) for shape in shapes], STAND_INS
        if len(unknown) > 1:
            yield [with_sizes(shape, number) for shape in shapes], STAND_INS
    if 1 in _numbers(message):  # last: what has one entry fits nearly everywhere
        for axis in unknown:
            yield [_fixed(shape, axis, 1) for shape in shapes], STAND_INS


def _unified(shapes: Sequence[OpenShape], aligned_right: bool) -> list[OpenShape]:
    """Unknown sizes as those of the other tensors at the same axis, if these agree."""

    def sizes_at(place: int) -> set[int]:
        sizes = {shape[place] for shape in shapes if -len(shape) <= place < len(shape)}
        return {size for size in sizes if size is not None and size != 1}

    def unify(shape: OpenShape) -> OpenShape:
        sizes: list[int | None] = []
        for axis, size in enumerate(shape):
            others = sizes_at(axis - len(shape) if aligned_right else axis)
            sizes.append(next(iter(others)) if size is None and len(others) == 1 else size)
        return tuple(sizes)

    return [unify(shape) for shape in shapes]


def _fixed(shape: OpenShape, axis: int, size: int) -> OpenShape:
    is_unknown = axis < len(shape) and shape[axis] is None
    return (*shape[:axis], size, *shape[axis + 1 :]) if is_unknown else shape


def _candidates(message: str) -> list[int]:
    """Sizes that a message suggests: what makes as many elements, its numbers, what all of them divide."""
    found = list(dict.fromkeys(number for number in _numbers(message) if number > 1))
    others = [number for number in found if number % _MADE_UP]
    made_up = [number // _MADE_UP for number in found if number % _MADE_UP == 0]
    whole = math.prod(others)
    parts = [
        number // each for each in made_up for number in (*others, whole) if each > 1 and number % each == 0
    ]
    candidates = [*parts, *others[:_MOST_NUMBERS], whole]
    return list(dict.fromkeys(number for number in candidates if 1 < number <= _MOST_ROWS))


def _numbers(message: str) -> list[int]:
    return [int(digits) for digits in _NUMBER.findall(message) if len(digits) < 16]
