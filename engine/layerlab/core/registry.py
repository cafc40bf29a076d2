"""Names to objects: what a string or a saved config may mean, per kind of object.

Classes of layerlab register themselves when they are defined (`Registrable.__init_subclass__`); functions
by `register_function`. Classes of users are found only if registered with `register_keras_serializable` or
passed as custom objects: a file can never name anything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from layerlab.core.docstrings import completed
from layerlab.core.naming import snake_case
from layerlab.errors import InvalidArgumentError, UnknownNameError, did_you_mean, explain

__all__ = [
    "CustomObjectScope",
    "Registrable",
    "builtin",
    "builtin_name",
    "custom_by_last_part",
    "custom_object_scope",
    "custom_objects_now",
    "find",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "known_names",
    "lookup",
    "register_builtin",
    "register_function",
    "register_keras_serializable",
    "share_arguments",
    "unknown_name",
]

T = TypeVar("T")
_builtin: dict[str, dict[str, Any]] = {}  # kind -> name or alias -> class or function
_names: dict[int, tuple[str, str]] = {}  # id of a built-in -> (kind, name)
_shared: dict[str, dict[str, str]] = {}  # kind -> argument -> what it means for all
_custom: dict[str, Any] = {}  # 'package>name' -> object
_custom_names: dict[Any, str] = {}


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.open: list[dict[str, Any]] = []


_scopes = _Scopes()


class Registrable:
    """Base of every class that a string or a config may name.

    `registry_kind` is the plural that Keras uses for the module ('layers', 'losses' ...); `aliases` are
    further names. Classes whose name begins with an underscore, or outside of layerlab, are not registered.
    """

    registry_kind: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        ours = cls.__module__.split(".")[0] == __name__.split(".")[0]
        if cls.registry_kind and ours and not cls.__name__.startswith("_"):
            _add(cls.registry_kind, cls, cls.__name__, cls.__dict__.get("aliases", ()))


def register_function(kind: str, *aliases: str) -> Callable[[T], T]:
    """Decorator: register a function of layerlab under its own name and `aliases`."""

    def decorate(function: T) -> T:
        _add(kind, function, function.__name__, aliases)  # type: ignore[attr-defined]
        return function

    return decorate


def lookup(kind: str, name: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The class or function that `name` means among `kind`.

    Raises: UnknownNameError, with the nearest known name.
    """
    found = find(kind, name, custom_objects)
    if found is None:
        raise unknown_name(kind, name)
    return found


def unknown_name(kind: str, name: str, module: str = "") -> UnknownNameError:
    """The error for a name that means nothing among `kind`, with the nearest that does.

    Args:
        module: where the name is said to be from, if that is none of layerlab's or Keras' own.
    """
    singular = {"losses": "loss", "metric_functions": "metric function"}.get(kind, kind.removesuffix("s"))
    nearest = "" if module else did_you_mean(str(name)[:80], known_names(kind))
    place = f" of the module '{module[:80]}'" if module else ""
    return UnknownNameError(
        explain(
            f"Unknown {singular} '{str(name)[:80]}'{place}.{nearest}",
            fix=f"use a name from layerlab.{kind}, pass the object itself, or register your own",
        )
    )


def find(kind: str, name: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Like `lookup`, but None for an unknown name. What the user passed or registered comes first."""
    for scope in (custom_objects or {}, *reversed(_scopes.open), _custom):
        if name in scope:
            return scope[name]
    table = _builtin.get(kind, {})
    return table.get(name) or table.get(name.lower())


def builtin(kind: str, name: str) -> Any:
    """The class or function of layerlab with exactly this name, or None."""
    return _builtin.get(kind, {}).get(name)


def builtin_name(value: object) -> tuple[str, str] | None:
    """(kind, name) of a class or function of layerlab, or None for others."""
    return _names.get(id(value))


def known_names(kind: str) -> list[str]:
    """All names and aliases of a kind, custom ones included."""
    return sorted({*_builtin.get(kind, {}), *_custom, *(name for scope in _scopes.open for name in scope)})


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator by which files and configs may name a class or function of your own.

    A saved model names it as 'package>name'. Whoever loads the file must have
    registered the same name before; else `load_model` asks for `custom_objects`.

    Args:
        package: first part of the name, to keep apart from the names of others.
        name: second part; None is the name of the class or function.
    Returns: the decorator, which hands its class or function on unchanged.
    Raises: InvalidArgumentError for a class without get_config, or a package or name
        with '>'.

    Example:
        >>> @register_keras_serializable(package="mine")
        ... def cubed(x):
        ...     return x**3
        >>> get_registered_name(cubed), find("activations", "mine>cubed") is cubed
        ('mine>cubed', True)
    """

    def decorate(target: T) -> T:
        class_name = name if name is not None else target.__name__  # type: ignore[attr-defined]
        if ">" in package or ">" in class_name:
            raise InvalidArgumentError(
                explain("A registered name", expected="no '>' in it", got=f"{package}, {class_name}")
            )
        if isinstance(target, type) and not hasattr(target, "get_config"):
            raise InvalidArgumentError(
                explain(f"Class {target.__name__} cannot be registered.", expected="a get_config method")
            )
        registered = f"{package}>{class_name}"
        _custom[registered] = target
        _custom_names[target] = registered
        return target

    return decorate


def get_registered_name(obj: Any) -> str:
    """The name under which configs hold a class or function.

    Args:
        obj: the class or function.
    Returns: 'package>name' if it was registered, else its own name.

    Example:
        >>> @register_keras_serializable(package="mine")
        ... class Block:
        ...     def get_config(self):
        ...         return {}
        >>> get_registered_name(Block), get_registered_name(dict)
        ('mine>Block', 'dict')
    """
    try:
        return _custom_names.get(obj) or obj.__name__
    except TypeError:  # unhashable: never registered
        return type(obj).__name__


def get_registered_object(
    name: str, custom_objects: dict[str, Any] | None = None, module_objects: object = None
) -> Any:
    """The class or function that was registered or passed under a name, or None.

    Classes of layerlab need no registration and are not found here.

    Args:
        name: as `get_registered_name` gives it.
        custom_objects: name -> object, looked at first.
        module_objects: name -> object, looked at last.

    Example:
        >>> get_registered_object("Own", custom_objects={"Own": dict})
        <class 'dict'>
    """
    for scope in (custom_objects or {}, *reversed(_scopes.open), _custom, module_objects or {}):
        if name in scope:
            return scope[name]
    return None


def custom_by_last_part(name: str) -> Any:
    """The object registered as 'some package>name', or None: Keras up to 3.6 wrote functions so."""
    scopes = (*reversed(_scopes.open), _custom)
    found = (scope[key] for scope in scopes for key in scope if key.endswith(f">{name}"))
    return next(found, None)


def custom_objects_now() -> dict[str, Any]:
    """What was registered, and what the open scopes bring, by name; the innermost scope wins."""
    found = dict(_custom)
    for scope in _scopes.open:
        found |= scope
    return found


def get_custom_objects() -> dict[str, Any]:
    """The table of what was registered in this process: 'package>name' -> object.

    It is the table itself: what you put into it, configs may name from then on.

    Example:
        >>> get_custom_objects()["halved"] = lambda x: x / 2
        >>> find("activations", "halved")(3.0)
        1.5
        >>> del get_custom_objects()["halved"]
    """
    return _custom


class CustomObjectScope:
    """A `with` block in which configs may name classes and functions of your own.

    For loading models whose parts are not registered, where one cannot pass
    `custom_objects`. Scopes nest; the innermost is looked at first.

    Args:
        custom_objects: name -> class or function; None for none.

    Example:
        >>> with CustomObjectScope({"twice": lambda x: x * 2}):
        ...     find("activations", "twice") is not None
        True
    """

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        _scopes.open.append(self.custom_objects)
        return self

    def __exit__(self, *exception: object) -> None:
        _scopes.open.pop()

    def __iter__(self) -> Iterator[str]:
        return iter(self.custom_objects)


custom_object_scope = CustomObjectScope


def register_builtin(kind: str, name: str, target: object) -> None:
    """Let configs name an object of layerlab that is neither a Registrable class nor a plain function."""
    _builtin.setdefault(kind, {})[name] = target


def share_arguments(kind: str, described: Mapping[str, str]) -> None:
    """Say once what arguments mean that many members of a family have: their docstrings are completed.

    Args:
        kind: as in `Registrable.registry_kind`, or of `register_function`.
        described: what to say of an argument, by name. Counts for what is defined from now on.
    """
    _shared.setdefault(kind, {}).update(described)


def _add(kind: str, target: Any, name: str, aliases: tuple[str, ...]) -> None:
    target.__doc__ = completed(target, _shared.get(kind, {}))
    table = _builtin.setdefault(kind, {})
    for key in (name, snake_case(name), *aliases):
        table.setdefault(key, target)
    table[name] = target
    _names[id(target)] = (kind, name)
