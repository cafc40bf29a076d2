"""The pages of the reference: which family stands under which topic, and how large families are divided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from docs_site.names import Entry, entries

# The order in which a reader meets the topics: title, and the families in it. Other families come last.
TOPICS: dict[str, tuple[str, ...]] = {
    "Models": ("layerlab.models",),
    "Layers": ("layerlab.layers",),
    "Tensors and variables": ("layerlab",),
    "Ops": ("layerlab.ops", "layerlab.ops.image"),
    "Activations": ("layerlab.activations",),
    "Losses": ("layerlab.losses",),
    "Metrics": ("layerlab.metrics",),
    "Optimizers": ("layerlab.optimizers",),
    "Learning rate schedules": ("layerlab.optimizers.schedules",),
    "Callbacks": ("layerlab.callbacks",),
    "Initializers": ("layerlab.initializers",),
    "Regularizers": ("layerlab.regularizers",),
    "Constraints": ("layerlab.constraints",),
    "Random numbers": ("layerlab.random",),
    "Saving": ("layerlab.saving",),
    "Data sets": ("layerlab.datasets",),
    "Data and tools": ("layerlab.utils",),
    "Settings": ("layerlab.config",),
    "Dtypes": ("layerlab.dtype_policies",),
    "In Jupyter": ("layerlab_jupyter", "layerlab.training.control"),
    "Events": ("layerlab.events",),
    "Errors": ("layerlab.errors",),
}

# What stands where its file says nothing to a reader; a file that is not here gives its own name.
KINDS = {
    "layerlab.layers.identifiers": "Names and configs",
    "layerlab.layers.activation": "Activations as layers",
    "layerlab.layers.conv": "Convolutions",
    "layerlab.layers.conv_transpose": "Convolutions",
    "layerlab.layers.dense": "Dense layers",
    "layerlab.layers.embed": "Embeddings",
    "layerlab.layers.image.color": "Images",
    "layerlab.layers.image.crop": "Images",
    "layerlab.layers.image.flip": "Images",
    "layerlab.layers.image.light": "Images",
    "layerlab.layers.image.move": "Images",
    "layerlab.layers.image.resize": "Images",
    "layerlab.layers.input": "Inputs",
    "layerlab.layers.merge": "Merging",
    "layerlab.layers.multi_head": "Attention",
    "layerlab.layers.norm": "Normalization",
    "layerlab.layers.pool": "Pooling",
    "layerlab.layers.preprocess": "Preprocessing",
    "layerlab.layers.preprocessing.category_encoding": "Preprocessing",
    "layerlab.layers.preprocessing.discretization": "Preprocessing",
    "layerlab.layers.preprocessing.hashing": "Preprocessing",
    "layerlab.layers.preprocessing.integer_lookup": "Preprocessing",
    "layerlab.layers.preprocessing.string_lookup": "Preprocessing",
    "layerlab.layers.preprocessing.text_vectorization": "Preprocessing",
    "layerlab.layers.regularize": "Dropout and noise",
    "layerlab.layers.reshape": "Reshaping and padding",
    "layerlab.layers.rnn": "Recurrent layers",
    "layerlab.layers.rnn_cells": "Recurrent layers",
    "layerlab.layers.rnn_layers": "Recurrent layers",
    "layerlab.layers.rnn_stack": "Recurrent layers",
    "layerlab.layers.time_wrap": "Recurrent layers",
    "layerlab.layers.wrap": "Wrappers",
    "layerlab.core.layer": "The base class",
    "layerlab.core.input_spec": "The base class",
    "layerlab.losses.base": "The base class",
    "layerlab.losses.identifiers": "Names and configs",
    "layerlab.metrics.base": "The base class",
    "layerlab.metrics.auc": "Yes or no",
    "layerlab.metrics.confusion": "Yes or no",
    "layerlab.metrics.fscore": "Yes or no",
    "layerlab.metrics.iou": "Segmentation",
    "layerlab.metrics.r2": "Regression",
    "layerlab.metrics.reduction": "Means and sums",
    "layerlab.metrics.identifiers": "Names and configs",
    "layerlab.ops.convolution": "Convolutions and pooling",
    "layerlab.ops.core": "Control flow and slices",
    "layerlab.ops.create": "Making arrays",
    "layerlab.ops.crossentropy": "Crossentropies",
    "layerlab.ops.elementwise": "Element by element",
    "layerlab.ops.image.affine": "Images",
    "layerlab.ops.image.colors": "Images",
    "layerlab.ops.image.resizing": "Images",
    "layerlab.ops.index": "Sorting and searching",
    "layerlab.ops.linalg": "Linear algebra",
    "layerlab.ops.logical": "Comparison and logic",
    "layerlab.ops.nn": "Activations and encodings",
    "layerlab.ops.normalization": "Normalization and attention",
    "layerlab.ops.reduce": "Sums, means and other reductions",
    "layerlab.ops.shapes": "Shapes",
}
LARGE = 40  # entries of a topic from where each kind gets a page of its own


@dataclass(frozen=True)
class Page:
    """One page of the reference."""

    path: str  # without suffix, below the folder of the reference
    title: str
    entries: tuple[Entry, ...] = ()
    pages: tuple[Page, ...] = field(default=())


def topics(found: Iterable[Entry] | None = None) -> list[Page]:
    """The pages by topic; each entry is on one of them, or the error says which is on none."""
    found = entries() if found is None else list(found)
    groups: dict[str, list[Entry]] = {title: [] for title in TOPICS}
    for entry in found:
        groups.setdefault(_topic(entry.family), []).append(entry)
    return [_page(title, group) for title, group in groups.items() if group]


def _topic(family: str) -> str:
    """The topic that lists a family, or the family around it; else one that is called as the family is."""
    places = {listed: title for title, families in TOPICS.items() for listed in families}
    outer = ".".join(family.split(".")[:2])
    return places.get(family) or places.get(outer) or outer.rpartition(".")[2].replace("_", " ").capitalize()


def _page(title: str, found: list[Entry]) -> Page:
    path = _slug(title)
    if len(found) < LARGE:
        return Page(path, title, tuple(sorted(found, key=_place)))
    kinds: dict[str, list[Entry]] = {}
    for entry in found:
        stem = entry.file.rpartition(".")[2].replace("_", " ").capitalize()
        kinds.setdefault(KINDS.get(entry.file, stem), []).append(entry)
    pages = [
        Page(f"{path}/{_slug(kind)}", kind, tuple(sorted(kinds[kind], key=_place)))
        for kind in sorted(
            kinds, key=lambda kind: (kind != "The base class", kind == "Names and configs", kind)
        )
    ]
    return Page(path, title, pages=tuple(pages))


def _place_of_kind(kind: str) -> tuple[bool, bool, str]:
    return kind != "The base class", kind == "Names and configs", kind


def _place(entry: Entry) -> tuple[bool, str]:
    """Classes before functions, each by name."""
    return not isinstance(entry.value, type), entry.short.lower()


def _slug(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")
