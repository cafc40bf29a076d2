"""The call forms of older Keras: accepted, translated, and reported with a DeprecationWarning."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from layerlab import tree
from layerlab.data.choose_source import with_queue_options
from layerlab.errors import InvalidArgumentError, did_you_mean, explain
from layerlab.numeric import is_number
from layerlab.training.outputs import is_config

__all__ = [
    "accepts_old_compile_arguments",
    "accepts_queue_options",
    "accepts_reset_metrics",
    "check_sample_weight_mode",
    "evaluate_generator",
    "fit_generator",
    "predict_generator",
]

Method = TypeVar("Method", bound=Callable[..., Any])
_OLD_COMPILE_ORDER = (
    "optimizer",
    "loss",
    "metrics",
    "loss_weights",
    "sample_weight_mode",
    "weighted_metrics",
)
_QUEUE_OPTIONS = ("max_queue_size", "workers", "use_multiprocessing")
_OLD_FIT_GENERATOR_ORDER = (
    "class_weight",
    *_QUEUE_OPTIONS,
    "initial_epoch",
)
_VALIDATION_DATA = 7  # its place among the arguments of fit


# -- fit, evaluate, predict, *_on_batch ---------------------------------------------------------------


def accepts_queue_options(method: Method) -> Method:
    """Let a method take `max_queue_size`, `workers`, `use_multiprocessing`, which now belong to PyDataset."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        options = {name: kwargs.pop(name) for name in _QUEUE_OPTIONS if name in kwargs}
        if not options:
            return method(self, *args, **kwargs)
        _warn(f"{method.__name__}({', '.join(options)})", "pass them to the PyDataset")
        given = list(args)
        for place, name in ((0, "x"), (_VALIDATION_DATA, "validation_data")):
            if name in kwargs:
                kwargs[name] = with_queue_options(kwargs[name], **options)
            elif place < len(given) and (name == "x" or method.__name__ == "fit"):
                given[place] = with_queue_options(given[place], **options)
        return method(self, *given, **kwargs)

    return cast(Method, call)


def accepts_reset_metrics(method: Method) -> Method:
    """Let a method take `reset_metrics=False`, with which numbers gather over several calls."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "reset_metrics" not in kwargs:
            return method(self, *args, **kwargs)
        _warn(f"{method.__name__}(reset_metrics=...)", "call evaluate, or update metrics yourself")
        previous, self._gathers_metrics = self._gathers_metrics, not kwargs.pop("reset_metrics")
        try:
            return method(self, *args, **kwargs)
        finally:
            self._gathers_metrics = previous

    return cast(Method, call)


# -- compile ------------------------------------------------------------------------------------------


def accepts_old_compile_arguments(compile: Method) -> Method:
    """Let `compile` take the order (optimizer, loss, metrics, loss_weights, sample_weight_mode,
    weighted_metrics), `sample_weight_mode`, and keywords that were handed on to old back ends."""

    @functools.wraps(compile)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_old_order = _is_old_order(args)
        if is_old_order:
            _warn("compile(optimizer, loss, metrics) by position", "name the arguments: metrics=[...]")
            kwargs |= dict(zip(_OLD_COMPILE_ORDER, args, strict=False))
            args = ()
        if "sample_weight_mode" in kwargs:
            if not is_old_order:
                _warn("compile(sample_weight_mode=...)", "leave it out: weights per time step need no mode")
            check_sample_weight_mode(kwargs.pop("sample_weight_mode"), self.output_names)
        known = list(inspect.signature(compile).parameters)[1:]
        for name in [name for name in kwargs if name not in known]:
            meant = did_you_mean(name, known)
            if meant:
                raise InvalidArgumentError(f"compile() has no argument '{name}'.{meant}")
            _warn(f"compile({name}=...), which has no effect,", "leave it out")
            del kwargs[name]
        return compile(self, *args, **kwargs)

    return cast(Method, call)


def check_sample_weight_mode(mode: Any, output_names: Sequence[str]) -> None:
    """Raise for anything but None, 'temporal', or a list or dict of them by output."""
    names = list(output_names)
    if isinstance(mode, Mapping):
        fits = not names or set(mode) <= set(names)
        modes = list(mode.values())
    elif isinstance(mode, list | tuple):
        fits = not names or len(mode) == len(names)
        modes = list(mode)
    else:
        fits, modes = True, [mode]
    if not fits or any(entry not in (None, "temporal") for entry in modes):
        raise InvalidArgumentError(
            explain(
                "compile(sample_weight_mode=...)",
                expected=f"None, 'temporal', or a list or dict of them by output {names or ''}",
                got=repr(mode)[:80],
            )
        )


def _is_old_order(args: tuple[Any, ...]) -> bool:
    """Whether the third place holds metrics, or the fourth holds weights: numbers are always weights."""
    third, fourth = (*args[2:4], None, None)[:2]
    return _holds(third, lambda entry: not is_number(entry)) or _holds(fourth, is_number)


def _holds(value: Any, is_wanted: Callable[[Any], bool]) -> bool:
    if is_config(value):
        return is_wanted(value)
    return any(entry is not None and is_wanted(entry) for entry in tree.flatten(value))


# -- fit, evaluate and predict under the names that took generators: methods of Trainer ----------------


def _accepts_oldest_order(method: Method) -> Method:
    """Let a generator method take its arguments in the order of Keras 2.0, told apart by type."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if method.__name__ == "fit_generator":  # the eighth was class_weight, a dict or None
            if len(args) > 7 and (args[7] is None or isinstance(args[7], Mapping)):
                kwargs |= dict(zip(_OLD_FIT_GENERATOR_ORDER, args[7:], strict=False))
                args = args[:7]
        elif len(args) > 2 and is_number(args[2]):  # the third was the queue size; callbacks were not there
            args = (*args[:2], None, *args[2:])
        return method(self, *args, **kwargs)

    return cast(Method, call)


@_accepts_oldest_order
def fit_generator(
    self: Any,
    generator: object,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    verbose: int | str = 1,
    callbacks: object = None,
    validation_data: object = None,
    validation_steps: int | None = None,
    validation_freq: object = 1,
    class_weight: Mapping[int, float] | None = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    shuffle: bool | str = True,
    initial_epoch: int = 0,
) -> Any:
    """The older name of `fit`, which takes generators itself. Deprecated.

    Args:
        generator: as `x` of `fit`.
        steps_per_epoch, epochs, verbose, callbacks: as for `fit`.
        validation_data, validation_steps, validation_freq: as for `fit`.
        class_weight, shuffle, initial_epoch: as for `fit`.
        max_queue_size: batches loaded ahead, at most.
        workers, use_multiprocessing: of a PyDataset: threads, or processes, that
            load.
    Returns: the History.
    """
    _warn("fit_generator", "fit(generator) does the same")
    options = (max_queue_size, workers, use_multiprocessing)
    return self.fit(
        with_queue_options(generator, *options),
        epochs=epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=with_queue_options(validation_data, *options),
        shuffle=shuffle,
        class_weight=class_weight,
        initial_epoch=initial_epoch,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_freq=validation_freq,
    )


@_accepts_oldest_order
def evaluate_generator(
    self: Any,
    generator: object,
    steps: int | None = None,
    callbacks: object = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int | str = 0,
) -> Any:
    """The older name of `evaluate`, which takes generators itself. Deprecated.

    Args:
        generator: as `x` of `evaluate`.
        steps, callbacks, verbose: as for `evaluate`.
        max_queue_size: batches loaded ahead, at most.
        workers, use_multiprocessing: of a PyDataset: threads, or processes, that
            load.
    Returns: what `evaluate` gives.
    """
    _warn("evaluate_generator", "evaluate(generator) does the same")
    data = with_queue_options(generator, max_queue_size, workers, use_multiprocessing)
    return self.evaluate(data, steps=steps, callbacks=callbacks, verbose=verbose)


@_accepts_oldest_order
def predict_generator(
    self: Any,
    generator: object,
    steps: int | None = None,
    callbacks: object = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: int | str = 0,
) -> Any:
    """The older name of `predict`, which takes generators itself. Deprecated.

    Args:
        generator: as `x` of `predict`.
        steps, callbacks, verbose: as for `predict`.
        max_queue_size: batches loaded ahead, at most.
        workers, use_multiprocessing: of a PyDataset: threads, or processes, that
            load.
    Returns: what `predict` gives.
    """
    _warn("predict_generator", "predict(generator) does the same")
    data = with_queue_options(generator, max_queue_size, workers, use_multiprocessing)
    return self.predict(data, steps=steps, callbacks=callbacks, verbose=verbose)


def _warn(what: str, instead: str) -> None:
    warnings.warn(f"{what} is deprecated: {instead}.", DeprecationWarning, stacklevel=4)
