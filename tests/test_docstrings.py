"""The docstrings are the manual: each public name says what its arguments mean, and has an example that runs.

So do the public methods of the classes that users subclass and call. The examples are run as doctests.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import layerlab
import layerlab_jupyter
from layerlab.core.docstrings import named_arguments

FAMILIES = [
    "layerlab",
    "layerlab_jupyter",
    *(name for name in layerlab.__all__ if inspect.ismodule(getattr(layerlab, name))),
]
CLASSES = [
    layerlab.Model,
    layerlab.Sequential,
    layerlab.Layer,
    layerlab.Loss,
    layerlab.Metric,
    layerlab.Optimizer,
    layerlab.callbacks.Callback,
]


def public(family: str) -> Iterator[tuple[str, Any]]:
    """The classes and functions that a family brings, each under one name."""
    packages = {"layerlab": layerlab, "layerlab_jupyter": layerlab_jupyter}
    space = packages[family] if family in packages else getattr(layerlab, family)
    for name in getattr(space, "__all__", dir(space)):
        value = getattr(space, name)
        is_ours = getattr(value, "__module__", "").startswith(layerlab.__name__)
        if name[0] != "_" and is_ours and (inspect.isclass(value) or inspect.isfunction(value)):
            yield f"{family}.{name}", value
        elif family == "datasets" or (family == "optimizers" and name == "schedules"):
            yield from ((f"{family}.{name}.{key}", getattr(value, key)) for key in value.__all__)


def public_methods(cls: type) -> Iterator[tuple[str, Any]]:
    """The methods of a class and of its bases in layerlab, whatever they are bound to."""
    for name in dir(cls):
        method = inspect.unwrap(getattr(inspect.getattr_static(cls, name), "__func__", getattr(cls, name)))
        if name[0] != "_" and inspect.isfunction(method) and method.__module__.startswith(layerlab.__name__):
            yield name, method


def unnamed_arguments(value: Any) -> list[str]:
    try:
        parameters = inspect.signature(value).parameters.values()
    except ValueError:  # an exception class
        return []
    named = named_arguments(inspect.getdoc(value) or "")
    open_ended = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [p.name for p in parameters if p.kind not in open_ended and p.name not in {*named, "self", "cls"}]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_argument_has_a_word_and_each_public_name_an_example(family: str) -> None:
    found = list(public(family))
    assert {name: left for name, value in found if (left := unnamed_arguments(value))} == {}
    assert [name for name, value in found if ">>>" not in (inspect.getdoc(value) or "")] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_each_public_name_says_in_one_line_what_it_is_for(family: str) -> None:
    for name, value in public(family):
        first = (inspect.getdoc(value) or "").partition("\n")[0]
        assert len(first) > 5 and first[-1] in ".:", f"{name}: {first!r}"


@pytest.mark.parametrize("family", FAMILIES)
def test_docstrings_have_nouns_where_a_pronoun_would_send_the_reader_back(family: str) -> None:
    texts = {name: " ".join((inspect.getdoc(value) or "").split()) for name, value in public(family)}
    found = {name: re.findall(r".{0,30}\b(?:[Tt]hose|[Tt]hat) of\b", text) for name, text in texts.items()}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_argument_of_a_public_method_has_a_word(cls: type) -> None:
    methods = public_methods(cls)
    assert {name: left for name, method in methods if (left := unnamed_arguments(method))} == {}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_public_method_says_in_one_line_what_it_is_for(cls: type) -> None:
    for name, method in public_methods(cls):
        first = (inspect.getdoc(method) or "").partition("\n")[0]
        assert len(first) > 5 and first[-1] in ".:", f"{cls.__name__}.{name}: {first!r}"
