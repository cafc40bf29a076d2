"""The current layout of weights in HDF5: a group `vars` for each object with state, under its path.

As Keras 3 reads and writes it, in `.weights.h5` files and inside `.keras` archives. Loading changes nothing
unless everything fits (but for what `skip_mismatch` leaves out).
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.core.layer import Layer
from layerlab.core.model_protocol import ModelLike
from layerlab.core.variable import Variable
from layerlab.errors import ConfigError, LayerlabError, ShapeError, explain
from layerlab.optimizers import Optimizer
from layerlab.saving.stateful_objects import walk
from layerlab.saving.weights_store import GroupWriter, WeightsStore, places_with_weights
from layerlab.training.interrupts import deferred_interrupts

__all__ = ["read_state", "warn_of_bad_numbers", "write_state"]

_OPTIMIZER = "optimizer"
_STACK = 5  # levels from here to the caller of load_weights


def write_state(file: Any, model: ModelLike, leave_out: Iterable[Any] = ()) -> None:
    """Write the weights, and the optimizer's state once it has any, into an open, empty h5py.File.

    Args:
        leave_out: objects of the model (layers, the optimizer) that are not written.
    """
    for place, saveable in walk(model, seen={id(item) for item in leave_out}):
        group = file.require_group(f"{place}/vars" if place else "vars")
        group.attrs["name"] = str(getattr(saveable, "name", ""))
        _save(saveable, GroupWriter(group))
        if not place and not len(group):
            del file["vars"]


def _save(saveable: Any, store: GroupWriter) -> None:
    if getattr(saveable.save_own_variables, "__func__", None) is not Layer.save_own_variables:
        saveable.save_own_variables(store)
        return
    for number, variable in enumerate(saveable._weights_here()):
        store[str(number)] = _seen_from_host(variable)  # what it does itself, but that it makes copies


def read_state(
    file: object, model: ModelLike, name: str, skip_mismatch: bool = False, leave_out: Iterable[Any] = ()
) -> None:
    """Read what `write_state`, or Keras, wrote, from an open and checked h5py.File into a built model.

    Args:
        name: what messages call the file.
        skip_mismatch: leave out objects that the file does not fit, with a warning for each.
        leave_out: objects of the model that stay as they are.
    Raises: DataError, ShapeError, DTypeError, ConfigError where file and model differ; the model is then as
        before.
    """
    in_file = places_with_weights(file)
    ignored = {id(item) for item in leave_out}
    if any(place.split("/")[0] == _OPTIMIZER for place in in_file):
        _prepare_optimizer(model, ignored)
    misfit = functools.partial(_misfit, name, skip_mismatch)
    fitting: list[tuple[str, Any, WeightsStore]] = []
    seen = set()
    for place, saveable in walk(model, seen=set(ignored)):
        seen.add(place)
        with misfit(place):
            store = WeightsStore(file, place)
            if _is_expected(saveable, store, place, in_file):
                fitting.append((place, saveable, store))
    _load(fitting, misfit)
    surplus = [place for place in in_file if place not in seen and place.split("/")[0] != _OPTIMIZER]
    if surplus and not ignored:
        shown = ", ".join(surplus[:8]) + (", ..." if len(surplus) > 8 else "")
        message = f"{name} has weights for which '{model.name}' has no place: {shown}"
        warnings.warn(message, stacklevel=_STACK - 1)


def warn_of_bad_numbers(model: ModelLike, name: str) -> None:
    """Say that a file held weights that are not finite, and where the first are."""
    for variable in model.weights:
        if dtypes.is_float(variable.dtype) and not _is_finite(_seen_from_host(variable)):
            message = f"{name}: '{variable.path}' has values that are not finite."
            warnings.warn(f"{message} Was the model saved after its loss became NaN?", stacklevel=_STACK - 1)
            return


def _seen_from_host(variable: Variable) -> np.ndarray:
    """The values, not copied where NumPy can read them in place."""
    try:
        value: Any = variable.value
        return np.from_dlpack(value)
    except (BufferError, RuntimeError):  # on another device, recording gradients, of a dtype of its own
        return variable.numpy()


def _is_finite(values: np.ndarray) -> bool:
    if values.dtype.itemsize >= 4:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.sum(values)):  # takes no memory; one that is not may have grown too large
                return True
    return bool(np.isfinite(values).all())


@contextlib.contextmanager
def _misfit(name: str, skip_mismatch: bool, place: str) -> Iterator[None]:
    """What goes wrong inside is raised with the file's name, or told and left out."""
    try:
        yield
    except (LayerlabError, ValueError, KeyError) as error:
        if not skip_mismatch:
            kind = type(error) if isinstance(error, LayerlabError) else ConfigError
            raise kind(f"{name}: {error}") from error
        warnings.warn(f"Left out '{place}' of {name}: {error}", stacklevel=_STACK + 2)


def _prepare_optimizer(model: ModelLike, ignored: set[int]) -> None:
    """Build it, so that there is something to load into."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and not optimizer.built and id(optimizer) not in ignored:
        optimizer.build(model.trainable_variables)


def _is_expected(saveable: object, store: WeightsStore, place: str, in_file: list[str]) -> bool:
    """Whether there is something to load; raises if it does not fit."""
    variables = _own_variables(saveable)
    is_optimizer = isinstance(saveable, Optimizer)  # compile's, or one of those of a GAN
    if not store:
        if is_optimizer or not _stores_anything(saveable):
            return False
        raise ConfigError(
            explain(
                f"There are no weights for '{place}'.",
                expected=f"{len(variables)} arrays",
                got="weights for " + (", ".join(in_file[:8]) or "nothing"),
                fix="load into a model of the architecture that was saved",
            )
        )
    keys = [str(number) for number in range(len(variables))]
    if _loads_as_usual(saveable) and set(store) != set(keys):
        if is_optimizer:  # says so itself and goes on without: it may be another one by now
            return True
        raise ShapeError(
            explain(
                f"The stored weights do not fit '{place}'.",
                expected=", ".join(str(variable.shape) for variable in variables) or "no weights",
                got=", ".join(map(str, store.shapes.values())),
                fix="load into a model of the architecture that was saved",
            )
        )
    for key, variable in zip(keys, variables, strict=True):
        if key in store and _loads_as_usual(saveable):
            store.check(key, variable)
    return True


def _load(
    fitting: list[tuple[str, Any, WeightsStore]],
    misfit: Callable[[str], contextlib.AbstractContextManager[None]],
) -> None:
    """Assign all, or nothing: those that load in a way of their own first, for they alone can still fail."""
    own_way = [item for item in fitting if not _loads_as_usual(item[1])]
    backup = [(variable, variable.numpy().copy()) for item in own_way for variable in _variables(item[1])]
    with deferred_interrupts():
        try:
            for place, saveable, store in own_way:
                with misfit(place):
                    saveable.load_own_variables(store)
        except BaseException:
            for variable, value in backup:
                variable.assign(value)
            raise
        for _, saveable, store in fitting:
            if _loads_as_usual(saveable):
                saveable.load_own_variables(store)


def _loads_as_usual(saveable: Any) -> bool:
    usual = (Layer.load_own_variables, Optimizer.load_own_variables)
    return type(saveable).load_own_variables in usual


def _stores_anything(saveable: Any) -> bool:
    if _loads_as_usual(saveable):
        return bool(_own_variables(saveable))
    stored: dict[str, Any] = {}
    saveable.save_own_variables(stored)
    return bool(stored)


def _own_variables(saveable: object) -> list[Variable]:
    """The variables that the object itself stores, in the order of their numbers."""
    if isinstance(saveable, Layer):
        return saveable._weights_here()
    return _variables(saveable)


def _variables(saveable: object) -> list[Variable]:
    return list(getattr(saveable, "variables", ()))
