"""Runs and commits the steps of one kind: one by one, or many in one program where the back end can."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Loop
from layerlab.core.thread_gates import between_steps, in_step, must_wait
from layerlab.training.interrupts import deferred_interrupts, raise_lost_interrupt
from layerlab.training.stepping.state_layout import StateLayout

__all__ = ["CallsUnderWay", "Pace", "Ran", "StepRunner"]

_MOST_STEPS = 512
_MOST_BYTES = 32 * 2**20  # of batches that wait for one call
_SECONDS = 0.08  # a call; a front end draws about ten times a second
# Each call of a program asks the system for its memory anew; for a step of 20 ms with 40 MB that took 12 ms.
# So calls of long steps may take longer, until they are so many.
_STEPS, _MOST_SECONDS = 12, 0.24
_GROWTH = 4
_WIDE = ("float64", "complex128")  # for these the back end changes its settings from call to call


@dataclass(frozen=True)
class Ran:
    """What steps gave: the outputs of the last one, and those of all, stacked, if they ran as one program.

    The leaves of `series` have at least `count` entries along their first axis; None if they were not kept.
    """

    count: int
    last: Any
    series: Any = None


class StepRunner:
    """Takes the state from the variables, runs steps, and commits the new state.

    Args:
        step: `(state, batch) -> (state, outputs)`, pure.
        layout: which variables make up the state.
        jit: whether the back end compiles the step; None runs it as plain Python.
        repeats: whether the step does the same operations each time, so that the back end may record them.
        donate: whether the old state may be reused for the new one.
        keep_all: whether the outputs of each step are wanted, not only those of the last.
    """

    def __init__(
        self,
        step: Callable[[Any, Any], tuple[Any, Any]],
        layout: StateLayout,
        *,
        jit: bool | None,
        repeats: bool,
        donate: bool,
        keep_all: bool,
    ) -> None:
        self._pure, self._layout = step, layout
        self._options: dict[str, Any] = {"jit": bool(jit), "repeats": repeats, "donate": donate}
        self._keep_all = keep_all
        self._step = step if jit is None else backend().compile_step(step, **self._options)
        self._can_loop = jit is not None
        self._loops: dict[Any, Loop] = {}
        self._shapes: list[Any] = []
        self._paces: dict[Any, Pace] = {}
        self.together = 1  # batches that may run in one program, from `begin` to `rest`
        self._may_be_few = False
        self._begun: tuple[Any, int | None, int, bool] | None = None  # what `begin` was called with

    def begin(self, batch: Any, steps: int | None, rest: int = 0, may_be_few: bool = False) -> int:
        """Get ready for batches like this one; returns how many to run together, 1 if nothing is gained.

        Args:
            steps: the most that will come together, if known.
            rest: samples in the last batch, if it is a smaller one.
            may_be_few: whether calls may get few batches time and again, as they come.
        """
        self.together, self._may_be_few = 1, may_be_few
        self._begun = batch, steps, rest, may_be_few
        if self._can_loop and _fits_loop(batch):
            size = sum(leaf.nbytes for leaf in tree.flatten(batch) if leaf is not None)
            wanted = max(1, min(_MOST_STEPS, _MOST_BYTES // max(size, 1), steps or _MOST_STEPS))
            self._shapes = _shapes(batch)
            # A program that takes more serves as well: what is known of an epoch's length changes.
            together = max([wanted, *(most for most, shapes in self._loops if shapes == str(self._shapes))])
            self._can_loop = self._loop(together) is not None
            self.together = together if self._can_loop else 1
        prepare = getattr(self._step, "prepare", None)
        if self.together > 1 and rest and prepare is not None:
            prepare(self._layout.read(), tree.map_structure(lambda x: None if x is None else x[:rest], batch))
        return self.together

    def pace(self, least: int, most: int) -> Pace:
        """The pace of batches of these shapes, which goes on from epoch to epoch."""
        return self._paces.setdefault((least, most, str(self._shapes)), Pace(least, most))

    def rest(self) -> None:
        """Run one by one again, and give back the memory that is held between two calls."""
        self.together, self._begun = 1, None
        for loop in self._loops.values():
            loop.rest()

    def begin_like(self, other: StepRunner) -> None:
        """Get ready for what another runner was getting batches of."""
        if other._begun is not None:
            self.begin(*other._begun)

    def run(self, batches: list[Any]) -> Ran:
        """A step on the first of the batches, or on as many as run in one program.

        An interrupt waits until a program's result is committed.
        """
        raise_lost_interrupt()
        takes_turns = must_wait() and not self._options["donate"]
        with deferred_interrupts(), between_steps() if takes_turns else in_step():
            before = self._layout.read()
            loop, count = self._loop_for(batches) if self.together > 1 else (None, 0)
            if loop is not None:
                result = loop(before, batches[:count])
                if result is not None:
                    state, last, series = result
                    self._layout.commit(state, before)
                    return Ran(count, last, series)
                self._can_loop = False  # slower in a loop than alone
            state, outputs = self._step(before, tree.map_structure(_keep_wide, batches[0]))
            self._layout.commit(state, before)
            return Ran(1, outputs)

    def _loop_for(self, batches: list[Any]) -> tuple[Loop | None, int]:
        """The loop for the first batches that have the shape it is for, and their number."""
        count = 0
        while count < min(len(batches), self.together) and _shapes(batches[count]) == self._shapes:
            count += 1
        loop = self._loop(self.together) if count and self._can_loop else None
        return (None if loop is None or (self._may_be_few and count <= loop.few) else loop), count

    def _loop(self, capacity: int) -> Loop | None:
        """The loop for batches of the shapes now, if the back end has one."""
        compile_loop, key = backend().compile_loop, (capacity, str(self._shapes))
        if key not in self._loops and compile_loop is not None:
            loop = compile_loop(self._pure, **self._options, capacity=capacity, keep_all=self._keep_all)
            if loop is not None:
                self._loops[key] = loop
        return self._loops.get(key)


class Pace:
    """The number of steps a call, from the time that calls take.

    Args:
        least, most: its limits; the first call has `least`.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self._calls = 0
        self.steps = least

    @property
    def is_adaptive(self) -> bool:
        """True where the number follows the time that calls take."""
        return self._least < self._most

    @property
    def is_unsure(self) -> bool:
        """True while the number still grows, so that calls should be waited for and timed."""
        return self.is_adaptive and (self._calls < 2 or self._grows)

    def took(self, steps: int, seconds: float) -> None:
        """Say how long a call of so many steps took."""
        self._calls += 1
        before = self.steps
        if self._calls > 1:  # the first one compiled
            a_second = steps / max(seconds, 1e-9)
            wanted = int(max(_SECONDS * a_second, min(_STEPS, _MOST_SECONDS * a_second)))
            self.steps = max(self._least, min(wanted, before * _GROWTH, self._most))
        self._grows = self.steps > before


class CallsUnderWay:
    """Calls of steps that the device has not finished, so far as is known; each is timed to its end."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._calls: deque[tuple[int, Any]] = deque()
        self._free_since = 0.0

    def begun(self, steps: int, results: Any, start: float) -> None:
        """A call of so many steps was given to the device at `start`."""
        if not self._calls:
            self._free_since = start
        self._calls.append((steps, results))

    def wait(self, leave: int) -> None:
        """Until at most `leave` of the calls are under way."""
        while len(self._calls) > leave:
            steps, results = self._calls.popleft()
            backend().block_until_ready(results)
            now = time.perf_counter()
            self._pace.took(steps, now - self._free_since)
            self._free_since = now


def _fits_loop(batch: Any) -> bool:
    return all(
        _is_on_host(leaf) and str(leaf.dtype).rpartition(".")[2] not in _WIDE
        for leaf in tree.flatten(batch)
        if leaf is not None
    )


def _is_on_host(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) or (backend().is_array(leaf) and backend().is_on_host(leaf))


def _shapes(batch: Any) -> list[Any]:
    return [None if leaf is None else (leaf.shape, leaf.dtype) for leaf in tree.flatten(batch)]


def _keep_wide(leaf: Any) -> Any:
    """float64 data as an array of the back end, because a step would narrow what is not told its dtype."""
    is_wide = isinstance(leaf, np.ndarray) and leaf.dtype == np.float64
    return backend().asarray(leaf, "float64") if is_wide else leaf
