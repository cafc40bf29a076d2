"""Places in data: how far an earlier run had come, as JSON that may be damaged."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.errors import DataError, explain

__all__ = ["check_same", "generator_at", "taken_in"]


def check_same(kind: dict[str, Any], place: dict[str, Any]) -> None:
    """Raise DataError unless the place is one in data of this kind (sizes, order)."""
    before = place.get("data")
    if before == kind:
        return
    before = before if isinstance(before, dict) else {}
    names = [name for name in kind if kind[name] != before.get(name)] or list(kind)
    raise DataError(
        explain(
            "The data are not those of the earlier run.",
            expected=", ".join(f"{name}={str(before.get(name))[:60]}" for name in names),
            got=", ".join(f"{name}={str(kind[name])[:60]}" for name in names),
        )
    )


def generator_at(place: dict[str, Any]) -> np.random.Generator:
    """A generator of random numbers as it was when the order of that pass was drawn."""
    generator = np.random.default_rng(0)
    try:
        generator.bit_generator.state = place["order_from"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(explain("The random state of a place in the data is damaged.")) from error
    return generator


def taken_in(place: dict[str, Any], most: int | None = None) -> int:
    """How many batches of the pass were taken."""
    taken = place.get("taken")
    if type(taken) is not int or taken < 0 or (most is not None and taken > most):
        limit = "a whole number" + ("" if most is None else f" up to {most}")
        raise DataError(explain("A place in the data is damaged.", expected=limit, got=repr(taken)[:40]))
    return taken
