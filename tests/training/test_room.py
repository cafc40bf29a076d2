"""The training room is easy to follow: few frames, few classes, and no one lists what is another's."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import layerlab as keras

ENGINE = Path(keras.__file__).parent
X, Y = np.ones((6, 3), "float32"), np.zeros((6, 2), "float32")


def of_the_training_room(frame: FrameType | None) -> list[str]:
    """The functions of layerlab on the way from `fit` to here, without the back end's, outermost first."""
    names: list[str] = []
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ENGINE) and not path.is_relative_to(ENGINE / "backend"):
            names.insert(0, frame.f_code.co_name)
            if frame.f_code.co_name == "fit":
                break
        frame = frame.f_back
    return names


@pytest.mark.parametrize("eagerly", [True, False])
def test_from_fit_to_train_step_a_reader_crosses_nine_frames(backend: str, eagerly: bool) -> None:
    ways: list[list[str]] = []

    class Watched(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            ways.append([*of_the_training_room(sys._getframe(1)), "train_step"])
            return super().train_step(data)

    model = Watched([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.fit(X, Y, batch_size=6, verbose=0)

    assert ways
    for way in ways:
        assert way[0] == "fit"
        assert len(way) <= 9, way


def test_a_model_has_eleven_classes_at_most() -> None:
    assert len(keras.Model.__mro__) <= 11, keras.Model.__mro__


def test_no_part_of_the_training_room_uses_what_its_type_does_not_have() -> None:
    files = list((ENGINE / "training").rglob("*.py"))
    assert files
    assert [
        path.name for path in files if re.search(r"type: ignore\[[^]]*attr-defined", path.read_text())
    ] == []


def test_the_training_room_has_fewer_files_and_imports_between_them_than_it_had() -> None:
    files = [
        path
        for path in (ENGINE / "training").rglob("*.py")
        if "callbacks" not in path.parts and path.name != "__init__.py"
    ]
    arrows = [
        node.module
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("layerlab.training.")
        and "callbacks" not in (node.module or "")
    ]
    assert len(files) < 23, files
    assert len(arrows) < 43, arrows
