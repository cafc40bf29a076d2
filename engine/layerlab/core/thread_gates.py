"""Which thread may go on: one builds layers, one uses the state of a model, and while one trains others wait
until no step is under way.

While a step runs the old values of variables are gone, or half overwritten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from layerlab.core.pending import finish_pending, pending
from layerlab.errors import InvalidArgumentError, explain

__all__ = ["SoleUser", "between_steps", "building", "in_step", "must_wait", "training_here"]


class _Gate:
    """A lock that goes to whoever has waited: a loop that takes it again at once shuts nobody out."""

    def __init__(self) -> None:
        self._turnstile, self._lock = threading.Lock(), threading.Lock()
        self._holder: int | None = None
        self._depth = 0
        self.uses = 0

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._holder != me:  # else it comes again, within its turn
            with self._turnstile:
                self._lock.acquire()
            self._holder = me
        self._depth += 1

    def __exit__(self, *exception: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._holder = None
            self._lock.release()


_building = threading.RLock()  # one for all: layers are built within layers, in any order


def building() -> AbstractContextManager[Any]:
    """This thread builds a layer; others wait.

    A function, because cloudpickle takes the globals of functions in users' classes; it cannot take a lock.
    """
    return _building


_gates: dict[int, _Gate] = {}  # by the thread that trains


@contextmanager
def training_here() -> Iterator[None]:
    """This thread trains a model; may be nested."""
    me = threading.get_ident()
    gate = _gates.setdefault(me, _Gate())
    gate.uses += 1
    try:
        yield
    finally:
        gate.uses -= 1
        if not gate.uses:
            del _gates[me]


def in_step() -> AbstractContextManager[Any]:
    """This thread runs a step that gives the memory of variables away."""
    return _gates.get(threading.get_ident()) or nullcontext()


class _Here(threading.local):
    is_between = False


_here = _Here()


def must_wait() -> bool:
    """Whether another thread trains, so that variables are to be used `between_steps`."""
    if not _gates:
        return False
    me = threading.get_ident()
    return not _here.is_between and any(thread != me for thread in list(_gates))


@contextmanager
def between_steps() -> Iterator[None]:
    """No other thread is in a step of training; those that come to one wait."""
    finish_pending()  # a thread that loads has its turn first: the steps that it waits for need their gate
    me = threading.get_ident()
    with ExitStack() as stack:
        for gate in [gate for thread, gate in sorted(_gates.items()) if thread != me]:
            stack.enter_context(gate)
        _here.is_between = True
        try:
            yield
        finally:
            _here.is_between = False


_changed = threading.Condition()  # some model has another user


class SoleUser:
    """The thread that trains, evaluates or predicts with a model, and by which method; others wait for it."""

    def __init__(self) -> None:
        self.now: tuple[int, str] | None = None

    def only(self, method: str, model: str) -> AbstractContextManager[None]:
        """A `with` block in which this thread is alone; it may come again.

        Args:
            method: what it does; 'fit' and 'train_on_batch' train.
            model: the model's name.
        Raises: InvalidArgumentError while another thread is in `fit`, which may take for ever.
        """
        use = _Use(self, method, model)
        return _training_with(use) if method in ("fit", "train_on_batch") else use


@contextmanager
def _training_with(use: _Use) -> Iterator[None]:
    """The use of a model that is trained in it."""
    with use, training_here():
        yield


class _Use:
    """One use of a model."""

    __slots__ = ("_method", "_model", "_of", "_previous")

    def __init__(self, of: SoleUser, method: str, model: str) -> None:
        self._of, self._method, self._model = of, method, model

    def __enter__(self) -> None:
        me = pending.acts_for or threading.get_ident()
        with _changed:
            while (previous := self._of.now) is not None and previous[0] != me:
                if previous[1] == "fit":
                    raise InvalidArgumentError(
                        explain(
                            f"'{self._model}' is in fit in another thread, so {self._method} cannot run.",
                            fix="call the model itself, which waits for the end of a step, wait for fit, or "
                            "use a copy: keras.models.clone_model(model)",
                        )
                    )
                _changed.wait()
            is_in_fit = previous is not None and previous[1] == "fit"
            self._previous, self._of.now = previous, (me, "fit" if is_in_fit else self._method)

    def __exit__(self, *exception: object) -> None:
        with _changed:
            self._of.now = self._previous
            _changed.notify_all()
