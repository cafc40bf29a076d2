"""How much of the signatures is plain `Any`, folder by folder: it may shrink, not grow.

The names to use instead are in `layerlab/typing.py`: `Array`, `TensorLike`, `DTypeLike` ...; what is only
passed on is an `object`. `Any` stays where nobody can be expected to check: what a user's function gives, or
what a registry holds.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from layerlab import typing as names

ROOT = Path(__file__).parent.parent
FOLDERS = {path.name: path for path in (ROOT / "engine/layerlab").iterdir() if path.is_dir()} | {
    "layerlab": ROOT / "engine/layerlab",  # its own files
    "kernel_ext": ROOT / "kernel_ext",
}

# Percent of parameters and results that are plain Any. Lower a figure when its folder got better.
LIMITS: dict[str, float] = {
    "activations": 4.5,
    "architectures": 16.8,
    "backend": 5.9,
    "constraints": 8.9,
    "core": 11.7,
    "data": 8.6,
    "datasets": 7.1,
    "initializers": 2.1,
    "inspect": 3.7,
    "kernel_ext": 3.6,
    "layerlab": 21.1,
    "layers": 11.5,
    "losses": 3.5,
    "metrics": 2.3,
    "models": 23.2,
    "ops": 3.3,
    "optimizers": 2.2,
    "regularizers": 10.0,
    "saving": 6.0,
    "training": 16.9,
    "utils": 6.5,
}
OVERALL = 9.0


class Annotation(NamedTuple):
    """One annotated parameter or result."""

    place: str
    text: str


@cache
def annotated(folder: str) -> list[Annotation]:
    """All of a folder, in the order of its files."""
    base = FOLDERS[folder]
    files = base.glob("*.py") if folder == "layerlab" else base.rglob("*.py")
    return [
        found
        for path in sorted(files)
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for found in of_function(node, path)
    ]


def of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> Iterator[Annotation]:
    place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
    given = node.args
    for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]:
        if argument is not None and argument.annotation is not None:
            yield Annotation(f"{place}({argument.arg})", ast.unparse(argument.annotation))
    if node.returns is not None:
        yield Annotation(f"{place} ->", ast.unparse(node.returns))


def share(found: list[Annotation]) -> float:
    """Percent that are plain Any."""
    return 100 * sum(one.text == "Any" for one in found) / max(len(found), 1)


def judged(folder: str, found: list[Annotation], limit: float) -> str:
    """What is wrong with a folder; '' if nothing is."""
    now = share(found)
    if now > limit + 0.05:
        plain = "\n  ".join(one.place for one in found if one.text == "Any")
        return (
            f"{folder}: {now:.1f} % of the annotations are plain Any, at most {limit} may be.\n"
            "  Fix: the names of layerlab/typing.py, or object for what is only passed on. All of them:\n"
            f"  {plain}"
        )
    if now < limit - 1:
        return f"{folder}: {now:.1f} % are plain Any now: lower its figure in LIMITS from {limit}."
    return ""


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_no_folder_gets_more_plain_any(folder: str) -> None:
    wrong = judged(folder, annotated(folder), LIMITS.get(folder, 0.0))
    assert not wrong, wrong


def test_a_tenth_of_all_annotations_at_most_is_plain_any() -> None:
    found = [one for folder in FOLDERS for one in annotated(folder)]
    assert share(found) <= OVERALL, f"{share(found):.1f} % are plain Any"


@pytest.mark.parametrize(
    ("plain", "limit", "says"),
    [(3, 30.0, ""), (4, 30.0, "f.py:1 f(x3)"), (4, 39.9, "f.py:1 f(x0)"), (2, 30.0, "lower its figure")],
)
def test_the_figure_is_held_from_both_sides(plain: int, limit: float, says: str) -> None:
    found = [Annotation(f"f.py:1 f(x{i})", "Any" if i < plain else "int") for i in range(10)]
    wrong = judged("folder", found, limit)
    assert says in wrong and bool(wrong) == bool(says)


def test_no_name_for_a_kind_of_values_is_another_name_of_any() -> None:
    assigned: dict[str, str] = defaultdict(str)
    for node in ast.parse(Path(names.__file__).read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            assigned[node.target.id] = ast.unparse(node.value)
    assert {name for name, value in assigned.items() if value == "Any"} == set()
    assert "Array" not in assigned  # a protocol
