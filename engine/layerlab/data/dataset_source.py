"""A Dataset as what training reads: passes over its elements, which are batches, and the place in them."""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Iterator
from typing import Any

from layerlab.data.dataset import INFINITE, Dataset
from layerlab.data.iterators import warn_of_end
from layerlab.data.loading_threads import Ahead
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.passes import Pass
from layerlab.data.prefetch import Prefetcher
from layerlab.data.recipes import Recipe, Turns
from layerlab.data.resume_place import check_same, taken_in
from layerlab.data.unpack import prepared
from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, explain

__all__ = ["DatasetSource"]

_Place = tuple[Pass, int]  # (the pass, elements of it that were taken)
_Task = tuple[_Place, int, tuple[int, Recipe]]


class DatasetSource:
    """Epochs over a Dataset of batches: whole passes, or as many steps as are asked for.

    A data set with threads of its own loads in these; another in the training thread, or in one beside it
    once batches are slow to come.

    Args:
        steps: batches an epoch; None: a pass; -1: for ever.
        depth: batches that the one thread may load ahead; 0: none.
        needs: what a model reads of the batches.
    """

    def __init__(self, dataset: Dataset, steps: int | None, depth: int, needs: Needs = EVERYTHING) -> None:
        if steps is None and dataset.cardinality() == INFINITE:
            raise InvalidArgumentError(
                explain(
                    "The Dataset never ends.",
                    fix="say how many batches make an epoch: steps_per_epoch=... (or steps=...)",
                )
            )
        self._dataset = dataset
        self._needs = needs
        self._limit = steps
        count = int(dataset.cardinality())
        self.steps: int | None = (
            None if steps == -1 else steps if steps is not None else max(count, 0) or None
        )
        self.batch_size: int | None = None
        self.whole: Any = None
        self._seeds = dataset.seeds  # those of an earlier run, if this one goes on with it
        self._pass: Pass | None = None
        self._recipes: Iterator[Recipe] | None = None
        self._turns = Turns()
        self._drawn = 0  # of the pass
        self._place: _Place | None = None  # behind the last batch that was given away
        self._already = 0  # batches of the next epoch that an earlier run has taken
        self._count = 0  # batches drawn, for messages
        self._peeked: list[Any] = []
        self._has_warned = False
        self._ahead: Ahead | None = None
        self._prefetcher = Prefetcher(depth)

    def peek(self) -> Any:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            turns = Turns()
            task = next(self._tasks(turns, 1), None)
            if task is None:
                raise EmptyDataError(explain("The data set is empty.", expected="at least one batch"))
            self._peeked.append(self._prefetcher.pull(lambda: _loaded(turns, self._needs, task)))
        return self._peeked[0][1]

    @property
    def is_ready(self) -> bool:
        """Whether the next batch is there; without threads, whether no model is asked for it."""
        return self._prefetcher.is_ready if self._ahead is None else self._ahead.is_ready

    def epoch(self) -> Iterator[Any]:
        """The batches of an epoch."""
        given, self._already = self._already, 0
        limit = None if self._limit in (None, -1) else self._limit
        try:
            if self._peeked and given != limit:
                given += 1
                self._place, batch = self._peeked.pop()
                yield batch
            for place, batch in self._read(None if limit is None else limit - given):
                given, self._place = given + 1, place
                yield batch
        finally:
            self._stop()
            if self._limit is None:  # also after a break: the next epoch is the next pass
                self._drop()
        if self._limit is None and self.steps is None:
            self.steps = given or None
        if given < max(limit or 1, 1) and not self._has_warned:
            self._has_warned = True
            warn_of_end(given, limit)

    def rewind(self) -> None:
        """Begin the next epoch with a new pass."""
        if not self._peeked:
            self._drop()

    def place(self) -> dict[str, Any]:
        """The pass, the seeds of its order, and how many of its batches were taken."""
        if self._peeked and self._pass is not None:
            pass_, taken = self._pass, self._drawn - len(self._peeked)
        else:
            pass_, taken = self._place if self._place is not None else (self._next_pass(), 0)
        return {"data": self._kind(), "pass": pass_.path[0], "seeds": list(pass_.seeds), "taken": taken}

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Go on in that pass; batches before the place are not loaded, where a recipe is enough."""
        check_same(self._kind(), place)
        taken, pass_ = taken_in(place), self._read_pass(place)
        self._peeked.clear()
        self._drop()
        self._dataset.go_on_with(pass_.path[0])
        self._seeds = pass_.seeds
        self._begin(Pass(self._dataset.next_pass().path, self._seeds), taken)
        self._place, self._already = (pass_, taken), given

    def close(self) -> None:
        """End the threads."""
        self._stop()
        self._drop()

    # -- inside ---------------------------------------------------------------------------------------------

    def _kind(self) -> dict[str, Any]:
        limit = None if self._limit is None else int(self._limit)
        return {
            "batches": int(self._dataset.cardinality()),
            "steps": limit,
            "shuffles": len(self._dataset.seeds),
        }

    def _next_pass(self) -> Pass:
        """The one that would come next; it does not count as begun."""
        path = self._dataset.next_pass().path
        self._dataset.go_on_with(path[0])
        return Pass(path, self._seeds)

    def _read_pass(self, place: dict[str, Any]) -> Pass:
        number, seeds = place.get("pass"), place.get("seeds")
        numbers: list[Any] = [number, *seeds] if isinstance(seeds, list) else []
        is_whole = all(type(value) is int and value >= 0 for value in numbers)
        if not is_whole or len(numbers) != 1 + len(self._dataset.seeds):
            raise DataError(explain("A place in the data is damaged.", expected="a pass, and its seeds"))
        return Pass(tuple(numbers[:1]), tuple(numbers[1:]))

    def _begin(self, pass_: Pass, skipped: int = 0) -> None:
        self._pass, self._drawn = pass_, skipped
        self._recipes = itertools.islice(self._dataset.recipes(pass_), skipped, None)

    def _read(self, count: int | None) -> Iterator[tuple[_Place, Any]]:
        """The next `count` batches, or the rest of the pass."""
        self._turns = turns = Turns()
        tasks = self._tasks(turns, count)
        how = self._dataset.execution
        if not how.threads:
            return self._prefetcher.read(lambda: _loaded(turns, self._needs, next(tasks)), None)
        # The threads know nothing of this source: one that is forgotten can be collected, and ends them.
        self._ahead = Ahead(functools.partial(_loaded, turns, self._needs), tasks, how.threads, how.depth)
        weakref.finalize(self._ahead, turns.end)
        return self._ahead

    def _tasks(self, turns: Turns, count: int | None) -> Iterator[_Task]:
        """What to load for the next batches, with the place behind each."""
        drawn = self._drawn_recipes(count)
        for numbered in turns.numbered(drawn):
            self._count += 1
            assert self._pass is not None
            yield (self._pass, self._drawn), self._count, numbered

    def _drawn_recipes(self, count: int | None) -> Iterator[Recipe]:
        for _ in itertools.count() if count is None else range(count):
            recipe = self._next_recipe()
            if recipe is None:
                return
            yield recipe

    def _next_recipe(self) -> Recipe | None:
        """The next of the pass. With a limit a new pass begins after it, else None ends it."""
        for _ in range(2):
            if self._recipes is None:
                self._begin(Pass(self._dataset.next_pass().path, self._seeds))
            assert self._recipes is not None
            recipe = next(self._recipes, None)
            if recipe is not None:
                self._drawn += 1
                return recipe
            self._recipes = None
            if self._limit is None:
                break
        return None

    def _stop(self) -> None:
        self._turns.end()
        self._prefetcher.close()
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()

    def _drop(self) -> None:
        self._recipes = self._pass = self._place = None


def _loaded(turns: Turns, needs: Needs, task: _Task) -> tuple[_Place, Any]:
    """The place behind a batch, and the batch."""
    place, number, numbered = task
    return place, prepared(turns.make(numbered), f"Batch {number}", needs=needs)
