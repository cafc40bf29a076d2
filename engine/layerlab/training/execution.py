"""How the steps of a model are run: as functions of state, made once, fed an iterator of batches."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import BORROWED, StateGrew
from layerlab.core.context import context
from layerlab.core.foreign_errors import value_needed
from layerlab.core.thread_gates import training_here
from layerlab.core.tracking import one_look, tracked
from layerlab.core.variable import Variable
from layerlab.data.source import BatchSource
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.training.callbacks.callback import CallbackList
from layerlab.training.control import RunControl
from layerlab.training.gathering import MOST_GATHERED, Gathering
from layerlab.training.interrupts import deferred_interrupts
from layerlab.training.pace import Pace
from layerlab.training.repeats import repeats
from layerlab.training.runner import Ran, StepRunner
from layerlab.training.step import StateLayout, UntrackedVariableError, pure
from layerlab.training.step_forms import form_of
from layerlab.training.steps import Steps

__all__ = ["Execution", "concatenated", "joined"]

_ownership = threading.Condition()
_MOST_BEGINNINGS = 20  # of one step: layers, an optimizer, a metric may be made one after the other


class Execution(Steps):
    """The functions behind fit, evaluate and predict. Mixed into Trainer."""

    def __init__(self) -> None:
        super().__init__()
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._run_eagerly = False
        self._jit_compile = False
        self._steps_per_execution = 1
        self._compile_arguments: dict[str, Any] = {}  # arguments of compile; empty before it
        self._step_runners: dict[str, Any] = {}  # kind -> (what it was made for, the StepRunner)
        self._steps_ran: list[Ran] = []
        # Steps that were run before their call came: by the identity of its first batch, and that batch.
        self._steps_ran_early: dict[int, tuple[Any, list[Ran]]] = {}
        self._undo_reset: Callable[[], None] = _nothing
        self._state_owner: tuple[int, str] | None = None  # thread and method that use the state now

    def make_train_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """The function that `fit` and `train_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, trains on each, and
        returns the logs of the last. An override may wrap what this gives.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if self.train_function is None or force:
            self.train_function = self._over_iterator("train")
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """The function that `evaluate` and `test_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, and returns the logs of
        the last.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if self.test_function is None or force:
            self.test_function = self._over_iterator("test")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable[[Iterator[Any]], Any]:
        """The function that `predict` and `predict_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, and returns their
        outputs.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if self.predict_function is None or force:
            self.predict_function = self._over_iterator("predict")
        return self.predict_function

    # -- inside -----------------------------------------------------------------------------------------

    def _forget_functions(self) -> None:
        self._step_runners = {}
        self.train_function = self.test_function = self.predict_function = None

    def _made_function(self, kind: str) -> Callable[[list[Any]], Any]:
        """What `make_<kind>_function` gives, for a list of batches; up to date with the model's variables.

        For 'train' and 'test' it returns the logs of the last step, and leaves what all gave in `_steps_ran`.
        """
        self._step_runner(kind)
        made = getattr(self, f"make_{kind}_function")()
        # An override may set the attribute and return nothing.
        function = made if made is not None else getattr(self, f"{kind}_function")

        def execute(batches: list[Any]) -> Any:
            self._steps_ran = []
            return function(iter(batches))

        return execute

    def _look_before(self, kind: str) -> AbstractContextManager[None]:
        """One walk over the model for all that asks what it holds before a step; as many as before if it may
        still get parts."""
        is_ready = self.built and (kind == "predict" or self._has_stepped)
        return one_look() if is_ready else nullcontext()

    def _executed(self, kind: str) -> Callable[[list[Any]], tuple[Mapping[str, Any], list[Ran]]]:
        function = self._made_function(kind)
        return lambda batches: (function(batches), self._steps_ran)

    def _batches_of(
        self, source: BatchSource, kind: str, callbacks: CallbackList, control: RunControl | None = None
    ) -> Iterator[list[Any]]:
        """The batches of an epoch, in lists of those that run in one call.

        That is `steps_per_execution`; if it is 1, and nobody wants to hear of each batch, as many as the back
        end runs faster together, up to about a tenth of a second of them, and of batches that come one by one
        those that are there. Of a run that is steered one such call is under way while the next one is
        prepared, and no more: a pause waits for them.
        """
        runner, batches = self._step_runner(kind), source.epoch()
        first = next(batches, None)
        if first is None:
            return
        batches = itertools.chain([first], batches)
        pace = self._pace_for(
            runner, source, first if source.whole is None else source.peek(), kind, callbacks
        )
        is_steered = control is not None and pace.is_adaptive
        calls, gathering = _Calls(pace), self._gathering_of(source, batches, kind)
        try:
            while True:
                steps = 1 if control is not None and control.is_stepping else pace.steps
                together = gathering.gathered(steps, waits=not pace.is_adaptive)
                if not together:
                    break
                if is_steered:
                    calls.wait(leave=0 if pace.is_unsure else 1)
                start = time.perf_counter()
                yield together
                if is_steered:
                    calls.begun(len(together), [ran.last for ran in self._steps_ran], start)
                    continue
                if pace.is_unsure:  # else the steps may run on while the next batches are put together
                    backend().block_until_ready([ran.last for ran in self._steps_ran])
                pace.took(len(together), time.perf_counter() - start)
            calls.wait(leave=0)
        finally:
            runner.rest()

    def _gathering_of(self, source: BatchSource, batches: Iterator[Any], kind: str) -> Gathering:
        def check(batch: Any) -> None:
            if source.whole is None:  # checked if they could not be before
                self._check_one_batch(batch, has_targets=kind != "predict")

        def run_early(batches: list[Any]) -> None:
            for batch in batches:
                with deferred_interrupts():  # a step that is committed is also noted
                    ran = self._run_steps(kind, [batch])
                    _, before = self._steps_ran_early.get(id(batches[0]), (None, []))
                    self._steps_ran_early[id(batches[0])] = batches[0], before + ran

        return Gathering(source, batches, check, run_early)

    def _pace_for(
        self, runner: StepRunner, source: BatchSource, batch: Any, kind: str, callbacks: CallbackList
    ) -> Pace:
        asked = self._steps_per_execution
        # A function of a user's takes the batches that were asked for, and no more.
        is_fixed = asked == 1 and (callbacks.wants_batches(kind) or not self._makes_own(kind))
        if is_fixed:
            return Pace(asked, asked)
        steps = source.steps if asked == 1 else asked
        if source.whole is None:
            most = runner.begin(batch, min(steps or MOST_GATHERED, MOST_GATHERED), may_be_few=True)
        else:
            samples = len(next(x for x in tree.flatten(source.whole) if x is not None))
            rest = samples % (source.batch_size or samples) if samples > (source.batch_size or samples) else 0
            most = runner.begin(batch, steps, rest)
        return runner.pace(1, most) if asked == 1 else Pace(asked, asked)

    def _makes_own(self, kind: str) -> bool:
        """Whether nobody has overridden `make_<kind>_function`."""
        make = f"make_{kind}_function"
        return getattr(type(self), make) is getattr(Execution, make)

    def _over_iterator(self, kind: str) -> Callable[[Iterator[Any]], Any]:
        self._step_runners.pop(kind, None)

        def function(iterator: Iterator[Any]) -> Any:
            together = self._step_runners[kind][1].together if kind in self._step_runners else 1
            batches = list(itertools.islice(iterator, max(self._steps_per_execution, together)))
            if not batches:
                raise StopIteration
            ran = self._run_steps(kind, batches)
            self._steps_ran += ran
            if kind != "predict":
                return ran[-1].last[0]
            # Many together are joined by predict itself: on the device each number of them is a new program.
            return ran[-1].last if together > self._steps_per_execution else _on_device(ran)

        return function

    def _run_steps(self, kind: str, batches: list[Any]) -> list[Ran]:
        if kind not in self._step_runners:  # called by hand, not by fit
            self._prepare_for(batches[0], is_compiled=kind != "predict")
        runner = self._step_runners[kind][1] if kind in self._step_runners else self._step_runner(kind)
        _, early = self._steps_ran_early.pop(id(batches[0]), (None, []))
        ran, batches = list(early), batches[sum(each.count for each in early) :]
        while batches:
            runner, done = self._run_call(kind, runner, batches)
            ran.append(done)
            batches = batches[done.count :]
        return ran

    def _run_call(self, kind: str, runner: StepRunner, batches: list[Any]) -> tuple[StepRunner, Ran]:
        """One call of a program. The first step may meet variables, or make some: then it is begun again.

        Returns: the runner that is up to date with the model's variables, and what the steps gave.
        """
        try:
            for _ in range(_MOST_BEGINNINGS):
                try:
                    ran = runner.run(batches)
                    break
                except Exception as error:
                    # A metric makes its variables in its first update; layers may be built in a step.
                    current = self._step_runner(kind)
                    if current is runner and not isinstance(error, StateGrew):
                        raise
                    if current is not runner:
                        current.begin_like(runner)
                    runner = current
            else:
                raise UntrackedVariableError(
                    explain(
                        f"Each {kind} step of '{self.name}' makes new variables, which no step can keep.",
                        fix="make layers, metrics and optimizers in __init__, build or compile",
                    )
                )
        except BaseException:
            self._undo_reset()
            raise
        if kind != "predict":
            self._has_stepped, self._undo_reset = True, _nothing
        return runner, ran

    def _step_runner(self, kind: str) -> StepRunner:
        """What runs 'train', 'test' or 'predict' steps; made anew when the variables have changed."""
        with one_look():
            groups, beside = self._state_groups(kind), self._groups_beside(kind)
        key = _key(groups, beside)
        cached = self._step_runners.get(kind)
        if cached is not None and cached[0] == key:
            return cached[1]
        layout = StateLayout.of(**groups, **beside, **{BORROWED: ()})
        form = form_of(self, kind, groups)
        method = self._with_its_loss(form.method) if kind != "predict" else form.method

        def is_outgrown() -> bool:
            return _key(self._state_groups(kind), self._groups_beside(kind)) != key

        runner = StepRunner(
            pure(method, layout, form.is_taped, is_outgrown),
            layout,
            jit=None if self._run_eagerly else self._is_traced(),
            repeats=repeats(self),
            donate=kind == "train",
            keep_all=kind == "predict",
        )
        self._step_runners[kind] = (key, runner)
        return runner

    def _is_traced(self) -> bool:
        """Whether steps are compiled, so that Python sees tensors without values."""
        if self._run_eagerly:
            return False
        return self._jit_compile if self._compile_arguments else backend().jit_by_default

    def _with_its_loss(self, method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The step with its loss beside the logs. The loss is an attribute only while the step is traced."""

        def step(batch: Any) -> tuple[dict[str, Any], Any]:
            self._step_loss = None
            try:
                return _checked_logs(method(batch), method.__qualname__), self._step_loss
            except Exception as error:  # in a step that somebody wrote
                told = value_needed(error, method.__qualname__)
                if told is None:
                    raise
                raise told from error
            finally:
                self._step_loss = None

        return step

    def _begin_metrics(self) -> None:
        """Reset the metrics; if the first step then fails they are as they were."""
        variables = [variable for metric in self.metrics for variable in metric.variables]
        values = [backend().to_numpy(variable.own_value) for variable in variables]

        def undo() -> None:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

        self.reset_metrics()
        self._undo_reset = undo  # a function: a list of variables would be tracked as the model's own

    def _groups_beside(self, kind: str) -> dict[str, list[Variable]]:
        """What is in the state of a step, but not passed to one that is written over values."""
        if kind == "predict":
            return {}
        others = self._other_optimizers() if kind == "train" else []
        return {
            "other_optimizers": [v for optimizer in others for v in optimizer.variables],
            "hidden": [v for metric in self._metrics_of_compile() for v in metric.variables],
        }

    def _other_optimizers(self) -> list[Any]:
        """The optimizers in attributes, beside the one of `compile`: a GAN has two."""
        return [optimizer for optimizer in tracked(self, "optimizer") if optimizer is not self.optimizer]

    def _state_groups(self, kind: str) -> dict[str, list[Variable]]:
        with one_look():
            groups = {"trainable": self.trainable_variables, "non_trainable": self.non_trainable_variables}
            if kind == "train":
                groups["optimizer"] = [] if self.optimizer is None else self.optimizer.variables
            if kind != "predict":
                groups["metrics"] = self.metrics_variables
            return groups

    @contextmanager
    def _alone_in(self, method: str) -> Iterator[None]:
        """Only one thread at a time; others wait for it, but not for a `fit`, which may take for ever."""
        me = context.acts_for or threading.get_ident()
        with _ownership:
            while (previous := self._state_owner) is not None and previous[0] != me:
                if previous[1] == "fit":
                    raise InvalidArgumentError(
                        explain(
                            f"'{self.name}' is in {previous[1]} in another thread, so {method} cannot run.",
                            fix="call the model itself, which waits for the end of a step, wait for fit, or "
                            "use a copy: keras.models.clone_model(model)",
                        )
                    )
                _ownership.wait()
            self._state_owner = (me, "fit" if previous is not None and previous[1] == "fit" else method)
        try:
            with training_here() if method in ("fit", "train_on_batch") else nullcontext():
                yield
        finally:
            with _ownership:
                self._state_owner = previous
                _ownership.notify_all()


class _Calls:
    """Calls of steps that the device has not finished, so far as is known; each is timed to its end."""

    def __init__(self, pace: Pace) -> None:
        self._pace_for = pace
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
            self._pace_for.took(steps, now - self._free_since)
            self._free_since = now


def _key(*groups: dict[str, list[Variable]]) -> tuple[Any, ...]:
    return (backend().name, *(tuple(map(id, variables)) for each in groups for variables in each.values()))


def _on_device(ran: list[Ran]) -> Any:
    return joined(ran, lambda leaf: leaf, backend().xp.concat)


def joined(ran: list[Ran], taken: Callable[[Any], Any], concatenate: Callable[[Any], Any]) -> Any:
    """The outputs of predict for several batches as those of one.

    Args:
        taken: what to make of each array before it is cut and joined.
        concatenate: joins a list of those along the first axis.
    """

    def of_all(each: Ran) -> Any:
        if each.series is None:
            return tree.map_structure(taken, each.last)
        return tree.map_structure(
            lambda leaf: taken(leaf)[: each.count].reshape(-1, *leaf.shape[2:]), each.series
        )

    parts = list(map(of_all, ran))
    if len(parts) == 1:
        return parts[0]
    return tree.map_structure(lambda *arrays: concatenated(arrays, concatenate), *parts)


def concatenated(arrays: Sequence[Any], concatenate: Callable[[Any], Any] = np.concatenate) -> Any:
    """One output of several batches. Raises: ShapeError if another axis than the first differs in size."""
    first = arrays[0]
    for array in arrays:
        if tuple(array.shape[1:]) != tuple(first.shape[1:]):
            raise ShapeError(
                explain(
                    "predict cannot join the outputs of its batches.",
                    expected=f"{(None, *first.shape[1:])}, as of the first batch",
                    got=str(tuple(array.shape)),
                    fix="pad the data to one length, or call predict_on_batch on each batch",
                )
            )
    return concatenate(arrays)


def _nothing() -> None:
    """To undo where nothing was done."""


def _checked_logs(logs: Any, method: str) -> dict[str, Any]:
    """The logs that a step gives; a dict among the values (as of `CompileMetrics.result`) is spread."""
    if not isinstance(logs, Mapping):
        raise InvalidArgumentError(
            explain(
                f"{method} returned a {type(logs).__name__}.",
                expected="a dict of label -> value",
                fix='return {"loss": loss, ...}',
            )
        )
    flat: dict[str, Any] = {}
    for label, value in logs.items():
        flat |= _checked_logs(value, method) if isinstance(value, Mapping) else {label: value}
    return flat
