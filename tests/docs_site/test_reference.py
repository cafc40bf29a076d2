"""The reference of the site: every public name has a place, and a docstring's parts are told apart."""

from __future__ import annotations

import inspect
import re
import sys

import pytest
from docs_site import names, reference, topics
from docs_site.docstring import as_rest, inline, sections
from docs_site.members import members, method_doc

import layerlab
import layerlab_jupyter
from layerlab import errors

DOC = """Weighted *sum* of `x`, as in a Dense.

y = x @ kernel,
z = y + bias_.

Args:
    x, y: (batch, *sizes); see `ops.add` and MeanSquaredError.
        Longer.
    **kwargs: what else `Layer` takes.
Call: `layer(x)`: any
number of times.
Returns: one array.
Raises: ShapeError if x does not fit.

Example:
    >>> add(1, 2)
    3
"""


def no_links(name: str) -> str | None:
    return None


def public_names() -> set[str]:
    found = {f"layerlab_jupyter.{name}": getattr(layerlab_jupyter, name) for name in layerlab_jupyter.__all__}
    found |= {f"layerlab.errors.{name}": value for name, value in vars(errors).items()}
    for name in layerlab.__all__:
        value = getattr(layerlab, name)
        found |= {f"layerlab.{name}": value} | names_in(f"layerlab.{name}", value)
        for inner in getattr(value, "__all__", []):
            found |= names_in(f"layerlab.{name}.{inner}", getattr(value, inner))
    found["layerlab.ops.image.resize"] = layerlab.ops.image.resize
    return {name for name, value in found.items() if is_documented(name, value)}


def names_in(full: str, value: object) -> dict[str, object]:
    if not inspect.ismodule(value):
        return {}
    return {f"{full}.{name}": getattr(value, name) for name in getattr(value, "__all__", dir(value))}


def is_documented(name: str, value: object) -> bool:
    ours = str(getattr(value, "__module__", "")).startswith("layerlab")
    return ours and (inspect.isclass(value) or inspect.isfunction(value)) and "._" not in name


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.rendered()


def test_each_public_name_has_a_place_on_one_page(pages: dict[str, str]) -> None:
    heads = [line.strip() for text in pages.values() for line in text.splitlines() if "layerlab" in line]
    places = [head.removeprefix(".. py:").partition(":: ")[2] or head for head in heads]
    described = [place.partition("(")[0] for place in places if not place.startswith((":", "-"))]
    expected = public_names()
    assert len(expected) > 700
    assert expected - set(described) == set()
    assert [name for name in expected if described.count(name) > 1] == []


def test_a_new_family_gets_a_topic_by_itself() -> None:
    class Iris:
        """Flowers."""

    entry = names.Entry(Iris, ("layerlab.flower_data.Iris",))
    (page,) = topics.topics([entry])
    assert (page.title, page.path, page.entries) == ("Flower data", "flower-data", (entry,))


def test_a_large_family_has_a_page_for_each_kind(pages: dict[str, str]) -> None:
    assert "py:class:: layerlab.layers.Dense(" in pages["layers/dense-layers"]
    assert "py:function:: layerlab.ops.softmax(x, axis=-1)" in pages["ops/activations-and-encodings"]
    assert "`Dense <layerlab.layers.Dense>`" in pages["layers"]


def test_other_names_of_one_function_stand_together(pages: dict[str, str]) -> None:
    text = pages["losses/regression"]
    first = text.index("layerlab.losses.mean_squared_error(")
    heads = text[first : text.index("\n\n", first)]
    assert "layerlab.metrics.mean_squared_error(" in heads
    assert "layerlab.metrics.mean_squared_error(" not in pages["metrics/regression"]


def test_a_class_shows_methods_of_bases_without_an_entry(pages: dict[str, str]) -> None:
    model = pages["models"].partition("py:class:: layerlab.models.Model(")[2].partition("py:class::")[0]
    assert ".. py:method:: fit(" in model and ".. py:method:: add_weight(" not in model
    assert "py:obj:`Layer <layerlab.layers.Layer>`" in model


def test_a_docstring_is_divided_into_its_sections() -> None:
    titles = [section.title for section in sections(DOC)]
    assert titles == ["", "Args", "Call", "Returns", "Raises", "Example"]
    assert sections(DOC)[2].lines == ("`layer(x)`: any", "number of times.")


def test_a_sentence_that_begins_like_a_section_is_prose() -> None:
    text = "Writes a file.\n\nThe name that stands in\nSource: of the file, is kept.\n"
    assert [section.title for section in sections(text)] == [""]


def test_sections_become_fields_and_examples_code() -> None:
    text = "\n".join(as_rest(DOC, no_links))
    assert ":Arguments:\n   ``x``, ``y``\n      (batch, \\*sizes); see ``ops.add``" in text
    assert "MeanSquaredError. Longer." in text
    assert "   ``**kwargs``\n" in text
    assert ":Call:\n   ``layer(x)``\\ : any number of times." in text
    assert ".. rubric:: Example\n\n.. code-block:: pycon\n\n   >>> add(1, 2)\n   3" in text


def test_formulas_in_lines_of_their_own_stay_in_them() -> None:
    assert [line for line in as_rest(DOC, no_links) if line.startswith("| ")] == [
        "| y = x @ kernel,",
        "| z = y + bias\\_.",
    ]


def test_names_lead_to_their_entries_and_words_do_not() -> None:
    links = {"ops.add": "layerlab.ops.add", "ShapeError": "layerlab.errors.ShapeError"}.get
    assert inline("`ops.add()` or `add`", links) == ":py:obj:`ops.add() <layerlab.ops.add>` or ``add``"
    assert inline("a ShapeError.", links) == "a :py:obj:`ShapeError <layerlab.errors.ShapeError>`\\ ."


def test_signs_that_would_begin_a_list_are_text() -> None:
    assert inline("- η g, for `g`", no_links) == "\\ - η g, for ``g``"


def test_topics_and_kinds_are_of_files_that_exist() -> None:
    listed = {*topics.KINDS, *(family for families in topics.TOPICS.values() for family in families)}
    assert {name for name in listed if name not in sys.modules} == set()


def test_an_error_says_which_builtin_catches_it(pages: dict[str, str]) -> None:
    entry = (
        pages["errors"].partition("py:exception:: layerlab.errors.ShapeError")[2].partition("py:exception")[0]
    )
    assert "Caught as: :py:obj:`LayerlabError <layerlab.errors.LayerlabError>`, ``ValueError``." in entry


def test_a_namespace_inside_a_family_stands_with_it(pages: dict[str, str]) -> None:
    assert "`mnist.load_data <layerlab.datasets.mnist.load_data>`" in pages["data-sets"]
    assert "`image.resize <layerlab.ops.image.resize>`" in pages["ops/images"]
    assert "`ExponentialDecay <layerlab.optimizers.schedules.E" in pages["learning-rate-schedules"]


def test_no_word_of_a_docstring_is_lost() -> None:
    def words(text: str) -> list[str]:
        return sorted(re.findall(r"\w+", text))

    entries = names.entries()
    classes = [entry.value for entry in entries if isinstance(entry.value, type)]
    docs = {entry.names[0]: inspect.getdoc(entry.value) or "" for entry in entries}
    for cls in classes:
        docs |= {f"{cls.__name__}.{name}": method_doc(value) for name, value in members(cls, classes)}
    for name, doc in docs.items():
        doc = doc.replace("Args:", "Arguments:")
        told = re.sub(r"\.\. (rubric|code-block)::( pycon| python)?", "", "\n".join(as_rest(doc, no_links)))
        assert words(told.replace("\\", "")) == words(doc.replace("\\", "")), name


def test_arguments_in_one_line_are_kept() -> None:
    lines = as_rest("Sums.\n\nArgs: as for add.\n", no_links)
    assert [line for line in lines if line] == ["Sums.", ":Arguments:", "   as for add."]
