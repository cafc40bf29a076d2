"""Dataset: elements one after the other, and what can be made of them, under the names of tf.data.

Nothing is loaded before it is needed, and never more than a few elements ahead. Nothing of TensorFlow is
needed. `fit`, `evaluate` and `predict` take a data set of batches; a loop over it gives NumPy arrays.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.host_arrays import host_array
from layerlab.core.seed import make_default_seed
from layerlab.core.whole_number import whole_number
from layerlab.data.cached_elements import cached
from layerlab.data.host_array import HostArray, shown
from layerlab.data.padding import padded
from layerlab.data.passes import Pass, mixed
from layerlab.data.recipes import Execution, Recipe, combined, constant, execute, then, together
from layerlab.data.sheet import sheet
from layerlab.data.tables import ArrayTable, as_columns, rows_of
from layerlab.data.thread_count import thread_count
from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, UnsupportedError, explain

__all__ = ["AUTOTUNE", "INFINITE", "UNKNOWN", "Dataset"]

AUTOTUNE = -1
INFINITE, UNKNOWN = -1, -2

Make = Callable[[Pass], Iterator[Recipe]]


class Dataset:
    """Elements one after the other: samples, or batches of them.

    Made by `from_tensor_slices` and `from_generator`, or by `utils.image_dataset_from_directory`
    and the like. Each method gives a new data set and leaves the old one as it is. `fit` takes
    one of batches; a loop over it gives NumPy arrays, which have a method `numpy()` for code
    that was written for tf.data.

    What shuffles are seeded with follows from `set_random_seed`, if it is not given; each pass
    over the data has an order of its own.

    Attributes:
        class_names: names of the classes, where the data come from folders; else None.
        file_paths: of the elements before they were shuffled, where there are files; else
            None.
        batch_size: samples in an element, if `batch` made it; else None.

    Example:
        >>> data = Dataset.from_tensor_slices((np.arange(5), np.arange(5) ** 2))
        >>> for x, y in data.map(lambda x, y: (x, y + 1)).batch(3):
        ...     print(x, y)
        [0 1 2] [1 2 5]
        [3 4] [10 17]
    """

    def __init__(
        self,
        make: Make,
        count: int = UNKNOWN,
        *,
        seeds: tuple[int, ...] = (),
        execution: Execution | None = None,
    ) -> None:
        """Used by the functions that make data sets.

        Args:
            make: the recipes of a pass.
            count: how many there are; INFINITE or UNKNOWN.
            seeds: of the shuffles in it.
            execution: how they are carried out; None: by the reader.
        """
        self._make = make
        self._count = count
        self._passes = 0
        self.seeds = seeds
        self.execution = execution or Execution()
        self.class_names: list[str] | None = None
        self.file_paths: list[str] | None = None
        self.batch_size: int | None = None

    # -- where they come from -----------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: object) -> Dataset:
        """The rows of arrays, one after the other.

        Args:
            tensors: an array, or tuples and dicts of arrays with the same number of rows. A
                list is one array.
        """
        columns, count = as_columns(tensors)
        table = ArrayTable(columns)
        return Dataset(lambda _: rows_of(table, count), count)

    @staticmethod
    def from_tensors(tensors: object) -> Dataset:
        """A single element.

        Args:
            tensors: the element.
        """
        element = _element(tensors)
        return Dataset(lambda _: iter((constant(element),)), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: object = None,
        output_shapes: object = None,
        args: tuple[Any, ...] | None = None,
        output_signature: object = None,
    ) -> Dataset:
        """What a generator function yields; it is called anew for each pass.

        Args:
            generator: a function that returns an iterable of elements.
            output_types: has no meaning here, nor have the next ones but `args`: elements are
                taken as they come.
            output_shapes: see output_types.
            args: arguments for the function.
            output_signature: see output_types.
        """
        if not callable(generator):
            raise InvalidArgumentError(
                explain(
                    "Dataset.from_generator",
                    expected="a function that returns an iterable",
                    got=f"a {type(generator).__name__}",
                    fix="pass the function itself, without calling it",
                )
            )
        return Dataset(lambda _: (constant(_element(item, copy=True)) for item in generator(*(args or ()))))

    @staticmethod
    def range(*args: int, **kwargs: Any) -> Dataset:
        """Whole numbers, as Python's range.

        Args:
            *args: stop; or start and stop; or start, stop and step.
            **kwargs: output_type, a dtype; by default int64.
        """
        dtype = np.dtype(kwargs.pop("output_type", "int64"))
        if kwargs:
            raise TypeError(f"Dataset.range() has no argument {', '.join(sorted(kwargs))}")
        return Dataset.from_tensor_slices(np.arange(*args, dtype=dtype))

    @staticmethod
    def zip(*args: object, datasets: object = None) -> Dataset:
        """Tuples of the elements of several data sets, as long as all have some.

        Args:
            *args: the data sets, or one tuple or dict of them.
            datasets: the same as a keyword.
        """
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        parts: list[Dataset] = tree.flatten(structure)
        if not parts or not all(isinstance(part, Dataset) for part in parts):
            raise InvalidArgumentError(explain("Dataset.zip", expected="data sets of layerlab"))

        def make(pass_: Pass) -> Iterator[Recipe]:
            for recipes in builtins.zip(*_parts(parts, pass_)):
                yield combined(recipes, lambda values: tree.pack(structure, values))

        counts = [part._count for part in parts]
        finite = [count for count in counts if count != INFINITE]
        count = UNKNOWN if UNKNOWN in counts else min(finite, default=INFINITE)
        return _joined(make, count, parts)

    # -- what they are -------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        """The elements of the next pass, as NumPy arrays."""
        for element in self.elements(self.next_pass()):
            yield shown(element)

    def __len__(self) -> int:
        if self._count < 0:
            raise TypeError(
                "The number of elements is " + ("infinite" if self._count == INFINITE else "not known before")
            )
        return self._count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        what = "elements" if self.batch_size is None else "batches"
        count = {INFINITE: f"endless {what}", UNKNOWN: what}.get(self._count, f"{self._count} {what}")
        classes = f", {len(self.class_names)} classes" if self.class_names else ""
        return f"<Dataset of {count}{classes}>"

    def _repr_html_(self) -> str:
        """The first samples, where a notebook shows the data set."""
        try:
            return sheet(repr(self), self.first(), self.class_names, self.batch_size is not None)
        except Exception as error:  # to look at data must not end in a traceback: the message is what helps
            return sheet(f"{self!r} {type(error).__name__}: {error}", (), None, is_batch=False)

    def cardinality(self) -> HostArray:
        """The number of elements; -1 for no end, -2 if it is not known before."""
        return np.asarray(self._count).view(HostArray)

    @property
    def element_spec(self) -> Any:
        """(shape, dtype) of each array of the first element, which is loaded for that."""
        return tree.map_structure(lambda leaf: (np.shape(leaf), np.asarray(leaf).dtype.name), self.first())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain NumPy arrays and numbers."""
        return (tree.map_structure(_plain, element) for element in self)

    def get_single_element(self) -> Any:
        """The element of a data set that has one alone."""
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            raise DataError(
                explain("get_single_element", expected="one element", got="none" if not found else "more")
            )
        return found[0]

    # -- fewer of them, and more -----------------------------------------------------------------------------

    def take(self, count: int) -> Dataset:
        """The first elements.

        Args:
            count: how many; -1: all.
        """
        if count == -1:
            return self._same(self._make, self._count)
        most = _number(count, "take(count)", 0)
        known = most if self._count == INFINITE else min(most, self._count) if self._count >= 0 else UNKNOWN
        return self._same(lambda pass_: itertools.islice(self._make(pass_), most), known)

    def skip(self, count: int) -> Dataset:
        """All but the first elements.

        Args:
            count: how many are left out; -1: all.
        """
        if count == -1:
            return self.take(0)
        less = _number(count, "skip(count)", 0)
        known = max(0, self._count - less) if self._count >= 0 else self._count
        return self._same(lambda pass_: itertools.islice(self._make(pass_), less, None), known)

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every so manieth element: the share of one of several workers.

        Args:
            num_shards: how many workers there are.
            index: which one this is, from 0.
        """
        step, first = _number(num_shards, "shard(num_shards)", 1), _number(index, "shard(index)", 0)
        if first >= step:
            raise InvalidArgumentError(explain("shard(index)", expected=f"0 to {step - 1}", got=str(index)))
        known = max(0, -(-(self._count - first) // step)) if self._count >= 0 else self._count
        return self._same(lambda pass_: itertools.islice(self._make(pass_), first, None, step), known)

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements several times, shuffled anew each time.

        Args:
            count: how often; None or -1: without end.
        """
        times = None if count in (None, -1) else _number(count, "repeat(count)", 0)

        def make(pass_: Pass) -> Iterator[Recipe]:
            for number in itertools.count() if times is None else builtins.range(times):
                is_empty = True
                for recipe in self._make(pass_.inner(number)):
                    is_empty = False
                    yield recipe
                if is_empty:
                    return

        if times is None:
            known = 0 if self._count == 0 else INFINITE
        else:
            known = self._count * times if self._count >= 0 else 0 if not times else self._count
        return self._same(make, known)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, then those of another data set.

        Args:
            dataset: the other one.
        """
        parts = [self, dataset]
        counts = [part._count for part in parts]
        known = INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)
        joined = _joined(lambda pass_: itertools.chain(*_parts(parts, pass_)), known, parts)
        joined.class_names = self.class_names
        return joined

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Those elements for which a function returns True.

        Args:
            predicate: gets an element; of a tuple its parts.
        """

        def make(pass_: Pass) -> Iterator[Recipe]:
            return (constant(found) for found in self.elements(pass_) if bool(_applied(predicate, found)))

        return self._same(make, UNKNOWN if self._count else 0)

    # -- others in their place ------------------------------------------------------------------------

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """What a function makes of each element.

        Args:
            map_func: gets an element; of a tuple its parts, of a batch the batch. It may use
                NumPy, `keras.ops` and layers.
            num_parallel_calls: None calls it for one element after the other, so that random
                numbers repeat; a number lets as many threads call it, -1 (AUTOTUNE) as many
                as there are processors.
            deterministic: the order stays the same in any case.
        """
        change = _changing(map_func)
        if num_parallel_calls is None:
            return self._derived(
                lambda pass_: (then(r, change, False) for r in self._make(pass_)), self._count
            )
        threads = thread_count(num_parallel_calls, "map(num_parallel_calls)")

        def make(pass_: Pass) -> Iterator[Recipe]:
            recipes = self._make(pass_)
            first = next(recipes, None)
            if first is None:
                return iter(())
            if first.finish is None:
                return (then(recipe, change, True) for recipe in itertools.chain([first], recipes))
            # What has to be finished in order is, before threads go on with it.
            values = execute(itertools.chain([first], recipes), self.execution)
            return (then(constant(value), change, True) for value in values)

        return self._derived(make, self._count, threads=threads)

    def enumerate(self, start: int = 0) -> Dataset:
        """Tuples of a number and an element.

        Args:
            start: the first number.
        """

        def make(pass_: Pass) -> Iterator[Recipe]:
            for number, recipe in builtins.enumerate(self._make(pass_), start):
                yield combined([recipe], lambda values, number=number: (np.int64(number), values[0]))  # type: ignore[misc]

        return self._derived(make, self._count)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """Batches of elements: arrays with one axis more, the first.

        Args:
            batch_size: elements in a batch.
            drop_remainder: True leaves out a last batch that is smaller.
            num_parallel_calls: threads that put batches together; None: those that the
                elements have.
            deterministic: the order stays the same in any case.
        """
        return self._grouped(batch_size, drop_remainder, num_parallel_calls, together)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: object = None,
        padding_values: object = None,
        drop_remainder: bool = False,
    ) -> Dataset:
        """Batches of elements of different lengths, filled up to the longest of the batch.

        Args:
            batch_size: elements in a batch.
            padded_shapes: a shape for each array, with None where the longest decides; None:
                it decides everywhere.
            padding_values: what is filled in, for each array; None: 0, or empty texts.
            drop_remainder: True leaves out a last batch that is smaller.
        """
        build = padded(padded_shapes, padding_values)
        return self._grouped(batch_size, drop_remainder, None, lambda recipes: combined(recipes, build))

    def unbatch(self) -> Dataset:
        """The rows of the elements, one after the other."""

        def make(pass_: Pass) -> Iterator[Recipe]:
            for element in self.elements(pass_):
                columns, count = as_columns(element)
                yield from rows_of(ArrayTable(columns), count)

        return self._derived(make, UNKNOWN if self._count >= 0 else self._count)

    def rebatch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Batches of another size.

        Args:
            batch_size: rows in a batch.
            drop_remainder: True leaves out a last batch that is smaller.
        """
        return self.unbatch().batch(batch_size, drop_remainder)

    def flat_map(self, map_func: Callable[..., Dataset]) -> Dataset:
        """The elements of the data sets that a function makes of the elements.

        Args:
            map_func: gets an element, returns a data set.
        """

        def make(pass_: Pass) -> Iterator[Recipe]:
            for element in self.elements(pass_):
                made = _applied(map_func, element)
                if not isinstance(made, Dataset):
                    raise DataError(explain("flat_map", expected="a Dataset", got=type(made).__name__))
                yield from map(constant, made.elements(Pass(pass_.path, made.seeds)))

        return self._derived(make, UNKNOWN)

    def reduce(self, initial_state: object, reduce_func: Callable[[Any, Any], Any]) -> Any:
        """One value from all elements.

        Args:
            initial_state: what the function gets first.
            reduce_func: gets the value so far and an element, returns the next value.
        """
        state = initial_state
        for element in self.elements(self.next_pass()):
            state = reduce_func(state, element)
        return shown(_element(state))

    def apply(self, transformation_func: Callable[[Dataset], Any]) -> Any:
        """What a function makes of the whole data set.

        Args:
            transformation_func: gets the data set.
        """
        return transformation_func(self)

    # -- how they come -------------------------------------------------------------------------------------

    def shuffle(
        self,
        buffer_size: int | None = None,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> Dataset:
        """The elements in random order, another one in each pass.

        Elements that are not loaded yet, such as files, wait as they are: a large buffer costs
        nothing there.

        Args:
            buffer_size: each element is drawn from the next so many; None: from all.
            seed: the order follows from it; None: from `set_random_seed`.
            reshuffle_each_iteration: False keeps the same order in each pass.
        """
        if buffer_size is None:
            if self._count < 0:
                raise InvalidArgumentError(
                    explain("shuffle", expected="buffer_size, as the number of elements is not known")
                )
            buffer_size = max(self._count, 1)
        size, place = _number(buffer_size, "shuffle(buffer_size)", 1), len(self.seeds)

        def make(pass_: Pass) -> Iterator[Recipe]:
            path = pass_.path if reshuffle_each_iteration else ()
            return mixed(self._make(pass_), size, pass_.seeds[place], path)

        own = make_default_seed() if seed is None else whole_number(seed, "shuffle(seed)", 0)
        return self._same(make, self._count, seeds=(*self.seeds, own))

    def cache(self, filename: str = "") -> Dataset:
        """The elements of the first pass, kept in memory: later ones load nothing.

        What comes before is not done again: a shuffle should follow the cache.

        Args:
            filename: "", in memory; files are not written.
        """
        if filename:
            raise UnsupportedError(
                explain(
                    "cache(filename) would write files, which layerlab does not.",
                    fix="cache() keeps the elements in memory; np.save what is too large for that",
                )
            )
        return self._same(cached(self._make), self._count)

    def prefetch(self, buffer_size: int = AUTOTUNE) -> Dataset:
        """The same elements, loaded ahead in a thread while others are in use.

        Args:
            buffer_size: how many ahead; -1 (AUTOTUNE): a few.
        """
        depth = 0 if buffer_size == AUTOTUNE else _number(buffer_size, "prefetch(buffer_size)", 0)
        return self._same(self._make, self._count, threads=1, depth=depth)

    # -- for those who read --------------------------------------------------------------------------------

    def next_pass(self) -> Pass:
        """The pass that comes next; it counts as begun."""
        self._passes += 1
        return Pass((self._passes - 1,), self.seeds)

    def go_on_with(self, number: int) -> None:
        """Let the next pass be the one of this number."""
        self._passes = number

    def recipes(self, pass_: Pass) -> Iterator[Recipe]:
        """What a pass consists of, not loaded yet."""
        return self._make(pass_)

    def elements(self, pass_: Pass) -> Iterator[Any]:
        """The elements of a pass, as they are."""
        return execute(self._make(pass_), self.execution)

    # -- inside ---------------------------------------------------------------------------------------------

    def first(self) -> Any:
        """The first element of the first pass. Raises: EmptyDataError."""
        recipe = next(self._make(Pass((0,), self.seeds)), None)
        if recipe is None:
            raise EmptyDataError(explain("The data set is empty.", expected="at least one element"))
        return recipe.make()

    def _grouped(
        self, batch_size: int, drop: bool, threads: int | None, build: Callable[[list[Recipe]], Recipe]
    ) -> Dataset:
        size = _number(batch_size, "batch_size", 1)

        def make(pass_: Pass) -> Iterator[Recipe]:
            recipes = self._make(pass_)
            while group := list(itertools.islice(recipes, size)):
                if len(group) < size and drop:
                    return
                yield build(group)

        known = self._count if self._count < 0 else self._count // size if drop else -(-self._count // size)
        count = 0 if threads is None else thread_count(threads, "batch(num_parallel_calls)")
        made = self._derived(make, known, threads=count)
        made.batch_size = size
        return made

    def _same(self, make: Make, count: int, **options: Any) -> Dataset:
        """A data set of the same elements, in another order or number."""
        made = self._derived(make, count, **options)
        made.batch_size = self.batch_size
        return made

    def _derived(
        self,
        make: Make,
        count: int,
        *,
        seeds: tuple[int, ...] | None = None,
        threads: int = 0,
        depth: int = 0,
    ) -> Dataset:
        how = self.execution
        most = max(how.threads, threads)
        execution = Execution(most, max(how.depth, depth or min(most + 1, 8)))
        made = Dataset(make, count, seeds=self.seeds if seeds is None else seeds, execution=execution)
        made.class_names = self.class_names
        return made


def _joined(make: Make, count: int, parts: list[Dataset]) -> Dataset:
    """A data set that reads several."""
    executions = [part.execution for part in parts]
    execution = Execution(max(e.threads for e in executions), max(e.depth for e in executions))
    return Dataset(make, count, seeds=tuple(s for part in parts for s in part.seeds), execution=execution)


def _parts(parts: list[Dataset], pass_: Pass) -> list[Iterator[Recipe]]:
    """The recipes of several data sets, each with its own of the seeds."""
    start, found = 0, []
    for part in parts:
        found.append(part.recipes(pass_.part(start, len(part.seeds))))
        start += len(part.seeds)
    return found


def _applied(function: Callable[..., Any], element: object) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


def _changing(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda element: _element(_applied(function, element))


def _element(value: object, copy: bool = False) -> Any:
    """What a user's function gave, as an element: lists are arrays, numbers of Python have 32 bits.

    Args:
        copy: whether its memory may be filled again, so that arrays are copied.
    """
    if isinstance(value, dict):
        return {key: _element(child, copy) for key, child in value.items()}
    if isinstance(value, tuple):
        return tuple(_element(child, copy) for child in value)
    if isinstance(value, bool | int | float):
        return host_array(value)
    if isinstance(value, list):
        array = np.asarray(value)
        return array.astype(object) if array.dtype.kind in "US" else host_array(array)
    return value.copy() if copy and isinstance(value, np.ndarray) else value


def _plain(leaf: object) -> Any:
    return leaf.numpy() if isinstance(leaf, HostArray) else leaf


def _number(value: object, what: str, least: int) -> int:
    return whole_number(
        value.item() if isinstance(value, np.ndarray) and not value.ndim else value, what, least
    )
