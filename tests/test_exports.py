"""`from layerlab.layers import *` brings the family's names and no files, and each name is listed once."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

import layerlab
from layerlab.exports import export_names


def starred(package: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(f"from {package} import *", names)
    return {name: value for name, value in names.items() if name != "__builtins__"}


def test_a_star_import_of_a_family_brings_no_files_of_the_engine() -> None:
    names = starred("layerlab.layers")
    assert names["Dense"] is layerlab.layers.Dense and "Layer" in names and "deserialize" in names
    assert {"input", "conv", "merge"} <= set(dir(layerlab.layers))  # files, one of which hides a builtin
    assert not {"input", "conv", "merge"} & set(names)


@pytest.mark.parametrize(
    ("family", "modules"),
    [
        ("activations", set()),
        ("constraints", set()),
        ("initializers", set()),
        ("losses", set()),
        ("metrics", set()),
        ("ops", {"image", "linalg", "nn"}),
        ("optimizers", {"schedules"}),
        ("optimizers.schedules", set()),
        ("random", set()),
        ("regularizers", set()),
    ],
)
def test_a_family_exports_modules_that_are_meant_only(family: str, modules: set[str]) -> None:
    names = starred(f"layerlab.{family}")
    assert {name for name, value in names.items() if isinstance(value, ModuleType)} == modules
    assert len(names) > len(modules)


def test_what_a_package_shows_are_its_names_without_modules_and_private_ones() -> None:
    package = ModuleType("made_up")
    vars(package).update(Zoo=int, apply=len, _own=str, file=ModuleType("file"), part=ModuleType("part"))
    export_names(package, "part")
    assert package.__all__ == ["Zoo", "apply", "part"]
