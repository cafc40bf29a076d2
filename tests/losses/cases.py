"""Labels and predictions of each kind, and which losses take which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["LOSSES", "NAMED_WITHOUT_CONFIG", "Pair", "data"]

Pair = tuple[np.ndarray, np.ndarray]
BATCH = 6
# Keras forgets these arguments in get_config, so that a saved loss comes back with the default.
NAMED_WITHOUT_CONFIG = {
    "CosineSimilarity": {"axis"},
    "Huber": {"delta"},
    "SparseCategoricalCrossentropy": {"axis"},
}


def data(kind: str, seed: int = 0) -> Pair:
    """(y_true, y_pred) of a kind, float32 or int32, the same for each seed."""
    return _KINDS[kind](np.random.default_rng(seed))


def _reals(r: np.random.Generator) -> Pair:
    return _f(r.normal(size=(BATCH, 5))), _f(r.normal(size=(BATCH, 5)))


def _integer_targets(r: np.random.Generator) -> Pair:
    return r.integers(-3, 4, (BATCH, 5)).astype("int32"), _f(r.normal(size=(BATCH, 5)))


def _column(r: np.random.Generator) -> Pair:
    return _f(r.normal(size=BATCH)), _f(r.normal(size=(BATCH, 1)))


def _positive(r: np.random.Generator) -> Pair:
    return _f(r.uniform(0.1, 3, (BATCH, 5))), _f(r.uniform(0.1, 3, (BATCH, 5)))


def _steps(r: np.random.Generator) -> Pair:
    return _f(r.normal(size=(BATCH, 4, 3))), _f(r.normal(size=(BATCH, 4, 3)))


def _binary(r: np.random.Generator) -> Pair:
    return r.integers(0, 2, (BATCH, 5)).astype("int32"), _f(r.uniform(size=(BATCH, 5)))


def _binary_logits(r: np.random.Generator) -> Pair:
    return r.integers(0, 2, (BATCH, 1)).astype("int32"), _f(3 * r.normal(size=(BATCH, 1)))


def _signs(r: np.random.Generator) -> Pair:
    return _f(r.choice([-1, 1], (BATCH, 5))), _f(r.normal(size=(BATCH, 5)))


def _one_hot(r: np.random.Generator) -> Pair:
    return _f(np.eye(4)[r.integers(0, 4, BATCH)]), _softmax(r.normal(size=(BATCH, 4)))


def _one_hot_logits(r: np.random.Generator) -> Pair:
    return _f(np.eye(4)[r.integers(0, 4, BATCH)]), _f(3 * r.normal(size=(BATCH, 4)))


def _classes(r: np.random.Generator) -> Pair:
    return r.integers(0, 4, BATCH).astype("int32"), _softmax(r.normal(size=(BATCH, 4)))


def _class_columns(r: np.random.Generator) -> Pair:
    return r.integers(0, 4, (BATCH, 1)).astype("int32"), _softmax(r.normal(size=(BATCH, 4)))


def _class_steps(r: np.random.Generator) -> Pair:
    return r.integers(0, 4, (BATCH, 3)).astype("int32"), _softmax(r.normal(size=(BATCH, 3, 4)))


def _images(r: np.random.Generator) -> Pair:
    return _f(r.integers(0, 2, (BATCH, 4, 4, 1))), _f(r.uniform(size=(BATCH, 4, 4, 1)))


def _embeddings(r: np.random.Generator) -> Pair:
    x = r.normal(size=(BATCH, 8))
    return r.integers(0, 3, BATCH).astype("int32"), _f(x / np.linalg.norm(x, axis=1, keepdims=True))


def _f(x: Any) -> np.ndarray:
    return np.asarray(x, dtype="float32")


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return _f(e / e.sum(-1, keepdims=True))


_KINDS: dict[str, Callable[[np.random.Generator], Pair]] = {
    "reals": _reals,
    "integer targets": _integer_targets,
    "column": _column,
    "positive": _positive,
    "steps": _steps,
    "binary": _binary,
    "binary logits": _binary_logits,
    "signs": _signs,
    "one-hot": _one_hot,
    "one-hot logits": _one_hot_logits,
    "classes": _classes,
    "class columns": _class_columns,
    "class steps": _class_steps,
    "images": _images,
    "embeddings": _embeddings,
}

_REAL = ("reals", "integer targets", "column", "steps")
LOSSES: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("MeanSquaredError", {}, _REAL),
    ("MeanAbsoluteError", {}, _REAL),
    ("MeanAbsolutePercentageError", {}, _REAL),
    ("MeanSquaredLogarithmicError", {}, ("positive", "reals")),
    ("CosineSimilarity", {}, ("reals", "steps")),
    ("CosineSimilarity", {"axis": 1}, ("steps",)),
    ("Huber", {}, _REAL),
    ("Huber", {"delta": 0.4}, _REAL),
    ("LogCosh", {}, _REAL),
    ("BinaryCrossentropy", {}, ("binary", "images")),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("binary logits",)),
    ("BinaryCrossentropy", {"axis": 1}, ("images",)),
    ("BinaryFocalCrossentropy", {}, ("binary",)),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5}, ("binary",)),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, ("binary logits",)),
    ("CategoricalCrossentropy", {}, ("one-hot",)),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("one-hot logits",)),
    ("CategoricalCrossentropy", {"axis": 1, "from_logits": True}, ("steps",)),
    ("CategoricalFocalCrossentropy", {}, ("one-hot",)),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.0}, ("one-hot",)),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ("one-hot logits",)),
    ("SparseCategoricalCrossentropy", {}, ("classes", "class columns", "class steps")),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, ("classes", "class steps")),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, ("classes", "class columns", "class steps")),
    ("CategoricalGeneralizedCrossEntropy", {}, ("classes",)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.8}, ("classes",)),
    ("KLDivergence", {}, ("one-hot", "positive")),
    ("Poisson", {}, ("positive",)),
    ("Hinge", {}, ("signs", "binary")),
    ("SquaredHinge", {}, ("signs", "binary")),
    ("CategoricalHinge", {}, ("one-hot",)),
    ("Dice", {}, ("images",)),
    ("Dice", {"axis": (1, 2, 3)}, ("images",)),
    ("Tversky", {"alpha": 0.3, "beta": 0.7}, ("images",)),
    ("Tversky", {"axis": (1, 2, 3)}, ("images",)),
    ("Circle", {}, ("embeddings",)),
    ("Circle", {"gamma": 16.0, "margin": 0.2, "remove_diagonal": False}, ("embeddings",)),
]
