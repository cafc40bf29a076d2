"""What `from layerlab.layers import *` gives, and what a page of the reference lists.

A family's package only gathers its files, each of which names in `__all__` what it shows: no name stands in a
second list.
"""

from __future__ import annotations

from types import ModuleType

__all__ = ["export_names"]


def export_names(package: ModuleType, *modules: str) -> None:
    """Set `__all__` of a package that has imported all it is to show.

    Args:
        package: whose names are exported, apart from its modules, such as `layers.input`.
        modules: names of modules that are exported as well.
    """
    names = (name for name, value in vars(package).items() if not isinstance(value, ModuleType))
    vars(package)["__all__"] = sorted([*(name for name in names if name[0] != "_"), *modules])
