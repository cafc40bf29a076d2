"""Runs the steps of a model: as functions of state, made once, on batches of a source or on one batch."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import BORROWED, StateGrew
from layerlab.core.pickling import Portable, nothing
from layerlab.core.tracking import Look, tracked
from layerlab.core.variable import Variable
from layerlab.data.source import BatchSource
from layerlab.errors import explain
from layerlab.training.callbacks.callback import CallbackList
from layerlab.training.control import RunControl
from layerlab.training.interrupts import deferred_interrupts
from layerlab.training.stepping.batch_groups import MOST_GATHERED, BatchGroup, BatchGroups
from layerlab.training.stepping.predictions import joined_on_device
from layerlab.training.stepping.pure_step import UntrackedVariableError, can_be_replayed, pure, step_method
from layerlab.training.stepping.state_layout import StateLayout
from layerlab.training.stepping.step_runner import CallsUnderWay, Pace, Ran, StepRunner

__all__ = ["StepFunction", "StepPass", "Stepper"]

_MOST_BEGINNINGS = 20  # of one step: layers, an optimizer, a metric may be made one after the other


def _nothing_to_undo() -> Callable[[], None]:
    return nothing


def _new_looks() -> dict[str, Look]:
    of_both = Look()
    return {"train": of_both, "test": of_both, "predict": Look()}  # predict asks for less


class Stepper(Portable):
    """Runs the steps of a model. The model has one, which `compile` makes anew.

    Args:
        model: whose `train_step`, `test_step` and `predict_step` these are.
        run_eagerly: run them as plain Python.
        jit_compile: let the back end compile them. 'auto': if it does so by default and all layers can be;
            None, for a model that is not compiled: if it does so by default.
        steps_per_execution: batches for each call of a function.
    """

    _not_copied: ClassVar[dict[str, Callable[[], Any]]] = {
        "_runners": dict,
        "_looks": _new_looks,
        "_undo_reset": _nothing_to_undo,
        "_can_jit": nothing,  # the copy may come to another back end
    }

    def __init__(
        self,
        model: Any,
        run_eagerly: bool = False,
        jit_compile: bool | str | None = None,
        steps_per_execution: int = 1,
    ) -> None:
        self.run_eagerly, self.jit_compile = run_eagerly, jit_compile
        self.steps_per_execution = steps_per_execution
        self.has_stepped = False  # until then every batch settles anew what the shapes of y decide
        self.model = model
        self._can_jit: bool | None = None  # whether all layers can be compiled, once it was asked
        self._runners: dict[str, tuple[tuple[Any, ...], StepRunner]] = {}  # kind -> (made for what, runner)
        self._looks = _new_looks()
        self._undo_reset: Callable[[], None] = nothing

    @property
    def is_jitted(self) -> bool:
        """Whether steps are compiled, unless they are run eagerly."""
        if self.jit_compile in (None, "auto") and not backend().jit_by_default:
            return False
        if self.jit_compile == "auto" and self._can_jit is None:
            self._can_jit = all(layer.supports_jit for layer in self.model._flatten_layers())
        return bool(self._can_jit) if self.jit_compile == "auto" else self.jit_compile in (None, True)

    @property
    def is_traced(self) -> bool:
        """Whether Python sees tensors without values in a step."""
        return self.is_jitted and not self.run_eagerly

    def forget(self, kind: str | None = None) -> None:
        """Make anew what runs steps of this kind, or of all."""
        if kind is None:
            self._runners = {}
        else:
            self._runners.pop(kind, None)

    # -- running --------------------------------------------------------------------------------------

    def run_one(self, kind: str, function: Callable[[Iterator[Any]], Any], batch: Any) -> Any:
        """A step on one batch by what `function(kind)` gave: the logs, or the outputs of 'predict'."""
        group = BatchGroup([batch])
        return self.run(kind, group) if isinstance(function, StepFunction) else function(group)

    def run(self, kind: str, group: BatchGroup) -> Any:
        """Run the steps of a group that did not run early; the group keeps what each gives.

        The first step may meet variables, or make some: then it is begun again.
        Returns: the logs of the last step, or the outputs of 'predict'.
        """
        if kind not in self._runners:  # called by hand, not by fit
            self.model._prepare_for(group.batches[0], is_compiled=kind != "predict")
        runner, beginnings = self._runners[kind][1] if kind in self._runners else self.runner(kind), 0
        try:
            while batches := group.left():
                try:
                    group.add(runner.run(batches))
                except Exception as error:
                    beginnings += 1
                    grown = self._grown(kind, runner, error, beginnings)
                    if grown is None:
                        raise
                    runner = grown
                    continue
                beginnings = 0
                if kind != "predict":
                    self.has_stepped, self._undo_reset = True, nothing
        except BaseException:
            self._undo_reset()
            raise
        if kind != "predict":
            return group.ran[-1].last[0]
        # Many together are joined by predict itself: on the device each number of them is a new program.
        is_many = runner.together > self.steps_per_execution
        return group.ran[-1].last if is_many else joined_on_device(group.ran)

    def ready(self, kind: str) -> tuple[Callable[[Iterator[Any]], Any], StepRunner]:
        """What the model's `make_<kind>_function` gives, and what runs its steps, up to date with the
        variables."""
        runner = self.runner(kind)
        made = getattr(self.model, f"make_{kind}_function")()
        # An override may set the attribute and return nothing, or have all made anew.
        function = made if made is not None else getattr(self.model, f"{kind}_function")
        return function, runner if kind in self._runners else self.runner(kind)

    def taken_from(self, iterator: Iterator[Any], kind: str) -> BatchGroup:
        """As many batches as a function takes in a call."""
        together = self._runners[kind][1].together if kind in self._runners else 1
        return BatchGroup(list(itertools.islice(iterator, max(self.steps_per_execution, together))))

    # -- before steps ---------------------------------------------------------------------------------

    def look_before(self, kind: str) -> AbstractContextManager[None]:
        """One walk over the model for all that asks what it holds before a step; as many as there are
        questions if it may still get parts."""
        is_ready = self.model.built and (kind == "predict" or self.has_stepped)
        return self._looks[kind] if is_ready else nullcontext()

    def reset_metrics(self) -> None:
        """Reset the metrics; if the first step then fails they are as they were."""
        with self.look_before("test"):
            variables = [variable for metric in self.model.metrics for variable in metric.variables]
        values = [backend().to_numpy(variable.own_value) for variable in variables]

        def undo() -> None:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

        self.model.reset_metrics()
        self._undo_reset = undo

    def other_optimizers(self) -> list[Any]:
        """The optimizers in attributes, beside the one of `compile`: a GAN has two."""
        return [each for each in tracked(self.model, "optimizer") if each is not self.model.optimizer]

    # -- runners --------------------------------------------------------------------------------------

    def runner(self, kind: str) -> StepRunner:
        """What runs steps of this kind; made anew when the variables have changed."""
        with self._looks[kind]:
            groups, beside = self._state_groups(kind), self._groups_beside(kind)
        key = _key(groups, beside)
        cached = self._runners.get(kind)
        if cached is not None and cached[0] == key:
            return cached[1]
        layout = StateLayout.of(**groups, **beside, **{BORROWED: ()})

        def is_outgrown() -> bool:
            return _key(self._state_groups(kind), self._groups_beside(kind)) != key

        runner = StepRunner(
            pure(step_method(self.model, kind, groups), layout, is_outgrown),
            layout,
            jit=None if self.run_eagerly else self.is_jitted,
            repeats=can_be_replayed(self.model),
            donate=kind == "train",
            keep_all=kind == "predict",
        )
        self._runners[kind] = (key, runner)
        return runner

    def _grown(self, kind: str, runner: StepRunner, error: Exception, beginnings: int) -> StepRunner | None:
        """What runs the step of which the first try raised, if it did so because the model got variables.

        A metric makes its variables in its first update; layers may be built in a step.
        """
        current = self.runner(kind)
        if current is not runner:
            current.begin_like(runner)
        elif not isinstance(error, StateGrew):
            return None
        if beginnings == _MOST_BEGINNINGS:
            raise UntrackedVariableError(
                explain(
                    f"Each {kind} step of '{self.model.name}' makes new variables, which no step can keep.",
                    fix="make layers, metrics and optimizers in __init__, build or compile",
                )
            ) from None
        return current

    def _state_groups(self, kind: str) -> dict[str, list[Variable]]:
        model = self.model
        with self._looks[kind]:
            groups = {"trainable": model.trainable_variables, "non_trainable": model.non_trainable_variables}
            if kind == "train":
                groups["optimizer"] = [] if model.optimizer is None else model.optimizer.variables
            if kind != "predict":
                groups["metrics"] = model.metrics_variables
            return groups

    def _groups_beside(self, kind: str) -> dict[str, list[Variable]]:
        """What is in the state of a step, but not passed to one that is written over values."""
        if kind == "predict":
            return {}
        others = self.other_optimizers() if kind == "train" else []
        return {
            "other_optimizers": [v for optimizer in others for v in optimizer.variables],
            "hidden": [v for metric in self.model._metrics_of_compile() for v in metric.variables],
        }


class StepFunction:
    """What `make_<kind>_function` makes: runs steps on the batches that it takes from an iterator."""

    def __init__(self, stepper: Stepper, kind: str) -> None:
        self._stepper, self._kind = stepper, kind

    def __call__(self, iterator: Iterator[Any]) -> Any:
        """The logs of the last step, or the outputs. Raises: StopIteration if there is no batch."""
        group = (
            iterator if isinstance(iterator, BatchGroup) else self._stepper.taken_from(iterator, self._kind)
        )
        if not group.ran and not group.left():
            raise StopIteration
        return self._stepper.run(self._kind, group)


class StepPass:
    """A pass over an epoch of a source: gives the next group of batches, and runs it.

    A group has `steps_per_execution` batches; if that is 1, and nobody wants to hear of each, as many as the
    back end runs faster together, up to about a tenth of a second of them, and of batches that come one by
    one those that are there. Of a run that is steered one such call is under way while the next one is
    prepared, and no more: a pause waits for them.

    A context manager; at its end the memory that is held between two calls is given back. No batch is taken
    before the first group is asked for.

    Args:
        stepper: of the model.
        source: whose epoch it is.
        kind: 'train', 'test' or 'predict'.
        callbacks: if they want to hear of each batch, each is run in a call of its own.
        control: of a run that is steered.
    """

    def __init__(
        self,
        stepper: Stepper,
        source: BatchSource,
        kind: str,
        callbacks: CallbackList,
        control: RunControl | None = None,
    ) -> None:
        self._stepper, self._kind = stepper, kind
        self._source, self._callbacks, self._control = source, callbacks, control
        self._groups: BatchGroups | None = None
        self._runner: StepRunner | None = None
        self._function: Any = None
        self._is_own = True
        self._pace = Pace(1, 1)
        self._under_way = CallsUnderWay(self._pace)

    def __enter__(self) -> StepPass:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._runner is not None:
            self._runner.rest()

    def next_group(self) -> BatchGroup | None:
        """The batches of the next call; None at the end."""
        groups = self._groups or self._begin()
        is_stepped = self._control is not None and self._control.is_stepping
        group = groups.next(1 if is_stepped else self._pace.steps, waits=not self._pace.is_adaptive)
        self._under_way.wait(leave=0 if self._pace.is_unsure or not len(group) else 1)
        return group if len(group) else None

    def run(self, group: BatchGroup) -> Any:
        """Run the group's steps, which then has what they gave.

        Returns: the logs of the last, or the outputs of 'predict', as a function of a user's may give them.
        """
        start = time.perf_counter()
        given = self._stepper.run(self._kind, group) if self._is_own else self._function(group)
        if not self._is_own and (not group.ran or self._kind == "predict"):
            group.ran = [Ran(len(group), given if self._kind == "predict" else (given, None))]
        results = [ran.last for ran in group.ran]
        if self._control is not None and self._pace.is_adaptive:
            self._under_way.begun(len(group), results, start)
        else:
            if self._pace.is_unsure:  # else steps may run on while the next batches are put together
                backend().block_until_ready(results)
            self._pace.took(len(group), time.perf_counter() - start)
        return given

    def _begin(self) -> BatchGroups:
        source, batches = self._source, self._source.epoch()
        first = next(batches, None)
        if first is not None:
            batches = itertools.chain([first], batches)
            self._function, self._runner = self._stepper.ready(self._kind)
            self._is_own = isinstance(self._function, StepFunction)
            self._pace = self._pace_for(self._runner, first if source.whole is None else source.peek())
            self._under_way = CallsUnderWay(self._pace)
        self._groups = BatchGroups(source, batches, self._check, self._run_early)
        return self._groups

    def _pace_for(self, runner: StepRunner, batch: Any) -> Pace:
        source, asked = self._source, self._stepper.steps_per_execution
        # A function of a user's takes the batches that were asked for, and no more.
        if asked == 1 and (self._callbacks.wants_batches(self._kind) or not self._is_own):
            return Pace(asked, asked)
        steps = source.steps if asked == 1 else asked
        if source.whole is None:
            most = runner.begin(batch, min(steps or MOST_GATHERED, MOST_GATHERED), may_be_few=True)
        else:
            samples = len(next(x for x in tree.flatten(source.whole) if x is not None))
            rest = samples % (source.batch_size or samples) if samples > (source.batch_size or samples) else 0
            most = runner.begin(batch, steps, rest)
        return runner.pace(1, most) if asked == 1 else Pace(asked, asked)

    def _check(self, batch: Any) -> None:
        if self._source.whole is None:  # checked if they could not be before
            self._stepper.model._check_one_batch(batch, has_targets=self._kind != "predict")

    def _run_early(self, group: BatchGroup) -> None:
        with deferred_interrupts():  # a step that is committed is also noted
            self._stepper.run(self._kind, group)


def _key(*groups: dict[str, list[Variable]]) -> tuple[Any, ...]:
    return (backend().name, *(tuple(map(id, variables)) for each in groups for variables in each.values()))
