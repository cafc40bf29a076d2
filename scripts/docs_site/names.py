"""What is public: every class and function that `layerlab` and `layerlab_jupyter` offer, with its names."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import layerlab
import layerlab_jupyter
from layerlab import errors, events
from layerlab.training import control

# Namespaces inside a family that its `__all__` does not name.
INNER = {"layerlab.ops": ("image",)}
# What users meet without finding it in `layerlab.__all__`: as an argument, a result or an exception.
BESIDE = {
    "layerlab_jupyter": layerlab_jupyter,
    "layerlab.training.control": control,
    "layerlab.events": events,
    "layerlab.errors": errors,
}


@dataclass(frozen=True)
class Entry:
    """One class or function, with all the names under which it is public; the first is its home."""

    value: Any
    names: tuple[str, ...]  # full ones: "layerlab.losses.MeanSquaredError"

    @property
    def short(self) -> str:
        """The name alone; of a function also the namespace inside its family: "mnist.load_data"."""
        inside = self.names[0].split(".")[2:]
        is_nested = len(inside) > 1 and not isinstance(self.value, type)
        return ".".join(inside) if is_nested else self.names[0].rpartition(".")[2]

    @property
    def family(self) -> str:
        """The package of the home: "layerlab.losses"."""
        return self.names[0].rpartition(".")[0]

    @property
    def file(self) -> str:
        """The module that defines it: "layerlab.losses.regression"."""
        return str(inspect.unwrap(self.value).__module__)


def families() -> dict[str, ModuleType]:
    """The packages that hold public names, by their full names; a new one appears by itself."""
    found: dict[str, ModuleType] = {"layerlab": layerlab}
    for name in layerlab.__all__:
        value = getattr(layerlab, name)
        if inspect.ismodule(value):
            found |= _with_inner(f"layerlab.{name}", value)
    return found | BESIDE


def entries() -> list[Entry]:
    """Each public class or function once, in the order of families and names."""
    names: dict[int, list[str]] = {}
    values: dict[int, Any] = {}
    for full, value in _all_names():
        names.setdefault(id(value), []).append(full)
        values[id(value)] = value
    return [Entry(value, _home_first(value, names[key])) for key, value in values.items()]


def _with_inner(full: str, package: ModuleType) -> dict[str, ModuleType]:
    listed = [name for name in getattr(package, "__all__", ()) if inspect.ismodule(getattr(package, name))]
    inner = (*listed, *INNER.get(full, ()))
    return {full: package} | {f"{full}.{name}": getattr(package, name) for name in inner}


def _all_names() -> Iterator[tuple[str, Any]]:
    for family, package in families().items():
        for name in getattr(package, "__all__", dir(package)):
            value = getattr(package, name)
            ours = str(getattr(value, "__module__", "")).startswith("layerlab")
            if name[0] != "_" and ours and (inspect.isclass(value) or inspect.isfunction(value)):
                yield f"{family}.{name}", value


def _home_first(value: Any, names: list[str]) -> tuple[str, ...]:
    """The name that the value has itself comes first, if possible in the package that holds its file."""
    file = str(inspect.unwrap(value).__module__)

    def rank(full: str) -> tuple[bool, bool, bool]:
        family, _, name = full.rpartition(".")
        elsewhere = family == "layerlab" or not f"{file}.".startswith(f"{family}.")
        return name != value.__name__, elsewhere, family == "layerlab"

    return tuple(sorted(names, key=rank))
