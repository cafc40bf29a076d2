"""Callback, the base to subclass, and CallbackList, which calls many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from layerlab import tree
from layerlab.core.model_protocol import ModelLike
from layerlab.core.pickling import Portable, nothing
from layerlab.errors import InvalidArgumentError, explain
from layerlab.events import Event, Listener
from layerlab.frontends import Watch
from layerlab.training.control import RunControl
from layerlab.training.recorder import LazyLogs, to_floats
from layerlab.typing import Logs

__all__ = ["Callback", "CallbackList", "own_watchers", "standard"]

Report = Callable[..., None]  # (event class, fields but for run, time and step)


class Callback(Portable):
    """Base of all callbacks: hooks around training, epochs and batches.

    Subclass it, and override the hooks that you need. `self.model` is the model,
    `self.params` a dict with 'verbose', 'epochs' and 'steps'. `logs` are dicts of
    floats by label, empty where there is nothing to tell; what is added to them in
    `on_epoch_end` reaches History. Batch hooks make the loop wait for each step's
    numbers: leave them out to be fast. To end a run, set `self.model.stop_training =
    True`; `self.stop_message` may say why. While fit runs, `self.control` is its
    RunControl, and `self.report(event class, **fields)` tells its listeners.

    Example:
        >>> class Print(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
        >>> Print().on_epoch_end(0, {"loss": 0.5})  # as fit calls it
        0 0.5
    """

    # Of one run, with locks and threads.
    runs_in_steps = False  # what it does no step computes with
    _not_copied: ClassVar[dict[str, Callable[[], Any]]] = {"control": nothing, "report": nothing}
    backed_up: tuple[
        str, ...
    ] = ()  # attributes that a resumed run needs: numbers, text, lists, dicts, arrays

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None
        self.control: RunControl | None = None
        self.report: Report | None = None
        self.stop_message = ""

    @property
    def model(self) -> Any:
        """The model that is trained."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called once before all hooks: what is known of the run.

        Args:
            params: 'verbose', 'epochs', and 'steps' of an epoch, None if unknown.
        """
        self.params = params

    def set_model(self, model: ModelLike) -> None:
        """Called once before all hooks: what is trained.

        Args:
            model: the model; `self.model` from then on.
        """
        self._model = model

    def backup_state(self) -> dict[str, Any]:
        """What BackupAndRestore keeps of this callback: the attributes that `backed_up` names."""
        return {name: getattr(self, name) for name in self.backed_up}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take what `backup_state` of an earlier run gave; after `on_train_begin`.

        Args:
            state: attribute -> value, for the names in `backed_up`.
        """
        for name in self.backed_up:
            setattr(self, name, state[name])

    def on_event(self, event: Event) -> None:
        """Each event of `layerlab.events`, from the training thread.

        Args:
            event: an object of one of the classes there.
        """

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_begin`.

        Args:
            batch, logs: as there.
        """

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_end`.

        Args:
            batch, logs: as there.
        """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch.

        Args:
            epoch: its number, from 0.
            logs: empty.
        """

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation.

        Args:
            epoch: its number, from 0.
            logs: label -> number, `val_` before labels of the validation. What is put
                into it reaches the callbacks behind and the History.
        """

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training step.

        Args:
            batch: its number, from 0 in each epoch.
            logs: empty.
        """
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training step.

        Args:
            batch: its number, from 0 in each epoch.
            logs: label -> mean over the epoch so far.
        """
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of evaluation or validation.

        Args:
            batch: its number, from 0.
            logs: empty.
        """

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of evaluation or validation.

        Args:
            batch: its number, from 0.
            logs: label -> mean over the batches so far.
        """

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of `predict`.

        Args:
            batch: its number, from 0.
            logs: empty.
        """

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of `predict`.

        Args:
            batch: its number, from 0.
            logs: {"outputs": the batch's outputs}.
        """

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch.

        Args:
            logs: empty.
        """

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch.

        Args:
            logs: of the last epoch, label -> number.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before evaluation or validation.

        Args:
            logs: empty.
        """

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After evaluation or validation.

        Args:
            logs: label -> number over all batches.
        """

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before `predict`.

        Args:
            logs: empty.
        """

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After `predict`.

        Args:
            logs: empty.
        """


def own_watchers(callbacks: object) -> list[Watch]:
    """The methods `watch_run` of the callbacks that have one: these show the run, in place of front ends."""
    return [callback.watch_run for callback in _given(callbacks) if hasattr(callback, "watch_run")]


def _given(callbacks: object) -> list[Any]:
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    return list(tree.flatten(callbacks if callbacks is not None else []))


class CallbackList:
    """Several callbacks called as one, in their order, for training loops of your own.

    Callbacks that say `runs_last` are called after the others. fit makes a list of its
    own.

    Args:
        callbacks: a Callback, a list of them, or a CallbackList, whose callbacks are
            taken. None is none.
        add_history: True adds a History, and makes it `model.history`, if there is
            none.
        add_progbar: True adds a ProgbarLogger if there is none.
        model: the model that each callback gets by `set_model`.
        **params: what each callback gets by `set_params`: verbose, epochs, steps.
    Raises: InvalidArgumentError for what is no Callback, such as a class.

    Example:
        >>> import layerlab as keras
        >>> show = keras.callbacks.LambdaCallback(on_train_end=print)
        >>> calls = CallbackList([show], epochs=3)
        >>> calls.on_train_end({"loss": 0.5})
        {'loss': 0.5}
    """

    def __init__(
        self,
        callbacks: object = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: object,
    ) -> None:
        given = _given(callbacks)
        for callback in given:
            if isinstance(callback, type) or not hasattr(callback, "set_model"):
                raise InvalidArgumentError(
                    explain(
                        "callbacks holds a "
                        + ("class." if isinstance(callback, type) else f"{type(callback).__name__}."),
                        expected="Callback instances",
                        fix=f"{callback.__name__}(...)" if isinstance(callback, type) else "",
                    )
                )
        self.callbacks: list[Any] = given
        self.model = model
        self.params = params
        if add_history:
            self._add_standard("History")
        if add_progbar:
            self._add_standard("ProgbarLogger")
        self.callbacks.sort(key=_runs_last)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
        self._batch_hooks = {
            name: [c for c in self.callbacks if _overrides(c, name)]
            for name in _BATCH_HOOKS
            if not name.startswith("on_batch")
        }

    def append(self, callback: Any) -> None:
        """Add a callback at the end."""
        callback.set_params(self.params)
        callback.set_model(self.model)
        self.callbacks.append(callback)
        self.callbacks.sort(key=_runs_last)
        for name, hooked in self._batch_hooks.items():
            if _overrides(callback, name):
                hooked.append(callback)
                hooked.sort(key=_runs_last)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand `params` to each."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: ModelLike) -> None:
        """Hand the model to each."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def wants_batches(self, kind: str) -> bool:
        """True if a callback wants to be called for each batch in 'train', 'test' or 'predict'."""
        hooked = [c for when in ("begin", "end") for c in self._batch_hooks[f"on_{kind}_batch_{when}"]]
        return any(not getattr(callback, "takes_lazy_logs", False) for callback in hooked)

    def listeners(self, run_id: str, control: RunControl) -> list[Listener]:
        """The callbacks that want events; all get the run's control."""
        for callback in self.callbacks:
            callback.control = control
        return [callback.on_event for callback in self.callbacks if _defines(callback, "on_event")]

    def attach_run(self, run: object) -> None:
        """Show the run to callbacks that ask for it by having `attach_run`, before `on_train_begin`."""
        for callback in self.callbacks:
            if hasattr(callback, "attach_run"):
                callback.attach_run(run)

    def report_with(self, report: Report) -> None:
        """Give all a way to tell the run's listeners."""
        for callback in self.callbacks:
            callback.report = report

    @property
    def stop_message(self) -> str:
        """Why a callback ended the run, '' if none said."""
        return next((text for c in self.callbacks if (text := getattr(c, "stop_message", ""))), "")

    def _add_standard(self, name: str) -> None:
        standard = _STANDARD[name]
        existing = [callback for callback in self.callbacks if isinstance(callback, standard)]
        callback = existing[0] if existing else standard()
        if not existing:
            self.callbacks.append(callback)
        if name == "History" and self.model is not None:
            self.model.history = callback

    def _each(self, hook: str, *place: int, logs: Mapping[str, Any] | None) -> None:
        logs = {} if logs is None else logs  # hooks may read, and add to, a dict
        for callback in self.callbacks:
            getattr(callback, hook)(*place, logs)

    def _each_batch(self, hook: str, batch: int, logs: Mapping[str, Any] | None) -> None:
        hooked = self._batch_hooks[hook]
        if not hooked:
            return
        is_lazy = isinstance(logs, LazyLogs)
        floats: Any = None
        for callback in hooked:
            if is_lazy and getattr(callback, "takes_lazy_logs", False):
                getattr(callback, hook)(batch, logs)
                continue
            if floats is None:
                given = {} if logs is None else logs
                floats = given.values_now() if isinstance(given, LazyLogs) else given
            getattr(callback, hook)(batch, floats)

    def on_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.on_train_batch_end(batch, logs)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each_batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each_batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._batch_hooks["on_test_batch_end"]:
            self._each_batch("on_test_batch_end", batch, LazyLogs(logs or {}))

    def on_predict_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each_batch("on_predict_batch_end", batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_epoch_end", epoch, logs=logs)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_train_begin", logs=logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_train_end", logs=logs)

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_test_begin", logs=logs)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_test_end", logs=to_floats(logs or {}))

    def on_predict_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_predict_begin", logs=logs)

    def on_predict_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._each("on_predict_end", logs=logs)


_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)
_STANDARD: dict[str, type] = {}  # filled by `standard` where the classes are defined


def standard(cls: type) -> type:
    """Decorator: the class that `add_history` or `add_progbar` adds."""
    _STANDARD[cls.__name__] = cls
    return cls


def _runs_last(callback: object) -> bool:
    return bool(getattr(callback, "runs_last", False))


def _overrides(callback: object, hook: str) -> bool:
    older = hook.replace("train_", "")
    return _defines(callback, hook) or (older in _BATCH_HOOKS and _defines(callback, older))


def _defines(callback: object, hook: str) -> bool:
    own = getattr(type(callback), hook, None)
    return (own is not None and own is not getattr(Callback, hook)) or hook in vars(callback)
