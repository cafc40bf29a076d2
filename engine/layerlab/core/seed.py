"""Random seeds: the process-wide seed and the SeedGenerator, whose counter is part of a model's state."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable
from layerlab.core.context import name_scope
from layerlab.core.naming import auto_name
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.numeric import is_integer
from layerlab.typing import SeedLike

__all__ = [
    "SeedGenerator",
    "draw_key",
    "make_default_seed",
    "process_randomness",
    "set_process_randomness",
    "set_random_seed",
]


def set_random_seed(seed: int) -> None:
    """Make what follows repeatable: seed the generators of Python, NumPy and layerlab.

    Layers, initializers and shuffling take their seeds from these, in the order in
    which they are made; the same program then gives the same numbers. Across back ends
    the initial weights agree as well.

    Args:
        seed: an integer from 0 to 2**32 - 1.
    Raises: InvalidArgumentError for anything else.

    Example:
        >>> set_random_seed(7)
        >>> first = make_default_seed()
        >>> set_random_seed(7)
        >>> make_default_seed() == first
        True
    """
    if not is_integer(seed) or not 0 <= seed < 2**32:
        raise InvalidArgumentError(
            explain("set_random_seed", expected="an integer from 0 to 2**32 - 1", got=repr(seed)[:80])
        )
    random.seed(int(seed))
    np.random.seed(int(seed))
    _begin_anew()


def make_default_seed() -> int:
    """A seed for an object that was given none; follows from `set_random_seed`."""
    return random.randint(1, int(1e9))


def process_randomness() -> dict[str, Any]:
    """The states of all that `set_random_seed` seeds, as JSON."""
    numpy_state, own = dict(np.random.get_state(legacy=False)), _process_generators.get(backend().name)
    inner = numpy_state["state"]
    return {
        "python": random.getstate(),
        "numpy": {**numpy_state, "state": {"key": inner["key"].tolist(), "pos": int(inner["pos"])}},
        "own": None if own is None or own.state.is_unseeded else own.state.numpy().tolist(),
    }


def set_process_randomness(state: Any) -> None:
    """Go on with the random numbers of `process_randomness`, which may have been through JSON.

    Raises: InvalidArgumentError for what is no such state; nothing has changed then.
    """
    before = process_randomness()
    try:
        version, numbers, spare = state["python"]
        random.setstate((version, tuple(numbers), spare))
        np.random.set_state(state["numpy"])
        own = None if state["own"] is None else np.array(state["own"], dtype="uint32").reshape(2)
    except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        random.setstate(before["python"])
        np.random.set_state(before["numpy"])
        raise InvalidArgumentError(explain("That is no state of random generators.")) from error
    _begin_anew()
    if own is not None:
        _process_generator().state.assign(own)
        random.setstate((version, tuple(numbers), spare))  # it may have drawn a seed


class _SeedState(Variable):
    """What is left behind by draws need not be saved with a model: a step may use a generator of others."""

    may_be_carried = True


class SeedGenerator(Configurable):
    """A stream of random keys: each draw takes the next one.

    The counter is a variable, saved and restored with a model, so that a run that goes
    on draws what it would have drawn. A layer that draws holds one, and passes it as
    `seed`.

    Args:
        seed: an integer: generators of one seed give the same stream. None takes a seed
            from Python's generator, which `set_random_seed` sets.
        name: by default "seed_generator", with a number where there are several.
        **kwargs: none; further arguments are refused.
    Raises: InvalidArgumentError for a seed that is no integer.

    Example:
        >>> first, second = SeedGenerator(7), SeedGenerator(7)
        >>> bool((first.next() == second.next()).all())
        True
        >>> bool((first.next() == first.next()).all())
        False
    """

    registry_kind = "random"
    tracked_as = "seed"
    _state_class: type[Variable] = _SeedState

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: object) -> None:
        if kwargs:
            raise InvalidArgumentError(explain("SeedGenerator got unknown arguments.", got=", ".join(kwargs)))
        if seed is not None and not is_integer(seed):
            raise InvalidArgumentError(
                explain("SeedGenerator", expected="an integer seed or None", got=repr(seed)[:80])
            )
        self.name = name or auto_name("SeedGenerator")
        self.seed = make_default_seed() if seed is None else int(seed)
        with name_scope(self.name, caller=self):
            start = np.array([self.seed % 2**32, 0], dtype="uint32")
            self.state = self._state_class(
                start, dtype="uint32", trainable=False, name="seed_generator_state"
            )

    @property
    def variables(self) -> list[Variable]:
        """The (seed, counter) state."""
        return [self.state]

    def next(self, ordered: bool = True) -> Array:
        """The next key: uint32 of shape (2,).

        Args:
            ordered: without effect; draws always come in their order.
        """
        # int32: torch cannot add uint32, and the bits are the same. A copy: torch assigns in place.
        key = backend().cast(self.state.value, "int32")
        increment = backend().asarray(np.array([0, 1], dtype="int32"), "int32")
        self.state.assign(backend().cast(key + increment, "uint32"))
        return backend().cast(key, "uint32")


class _ProcessState(_SeedState):
    """Takes a seed, as a generator that is made then would, when it is first used after `set_random_seed`.

    It stays the same variable, because steps that were compiled go on using it.
    """

    is_unseeded = False
    _held: Array

    @property
    def own_value(self) -> Array:
        """The array that holds now."""
        if self.is_unseeded:
            self.is_unseeded = False
            start = np.array([make_default_seed(), 0], dtype="uint32")
            with backend().concrete():
                self._held = backend().write(self._held, backend().asarray(start, "uint32"))
        return self._held

    @own_value.setter
    def own_value(self, value: Array) -> None:
        self._held = value


class _ProcessGenerator(SeedGenerator):
    state: _ProcessState
    _state_class = _ProcessState

    def __init__(self) -> None:
        super().__init__(name="global_seed_generator")
        self.state.serial = -1  # older than any step that may be the first to use it


_process_generators: dict[str, _ProcessGenerator] = {}  # by back end


def _begin_anew() -> None:
    for generator in _process_generators.values():
        generator.state.is_unseeded = True


def draw_key(seed: SeedLike) -> Array:
    """A key, uint32 of shape (2,), from a SeedGenerator (the next one), an integer (always the same), or None
    (the process-wide generator)."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return _process_generator().next()
    if is_integer(seed):
        return backend().asarray(np.array([int(seed) % 2**32, 0], dtype="uint32"), "uint32")
    raise InvalidArgumentError(
        explain("A random seed", expected="an integer, a SeedGenerator or None", got=repr(seed)[:80])
    )


def _process_generator() -> _ProcessGenerator:
    name = backend().name
    if name not in _process_generators:
        _process_generators[name] = _ProcessGenerator()
    return _process_generators[name]
