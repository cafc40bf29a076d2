"""What of an error is shown in a notebook: the reader's own lines and the message."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab
from layerlab import layers
from layerlab_jupyter.tracebacks import shortened
from tests.kernel_ext.kernel import running_kernel_process

HERE = Path(__file__).name


class Failing(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs + undefined  # type: ignore[name-defined]  # noqa: F821


def shown(call: Callable[[], Any]) -> tuple[BaseException, list[str], str]:
    """The error of `call`, the files of the frames that are shown, the text of the whole chain."""
    with pytest.raises(Exception) as caught:
        call()
    error = caught.value
    with shortened(error) as short:
        files = [Path(frame.filename).name for frame in traceback.extract_tb(short)]
        text = "".join(traceback.format_exception(type(error), error, short))
    return error, files, text


def fit_with_wrong_labels() -> None:
    model = layerlab.Sequential([layerlab.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    model.fit(np.zeros((8, 4), "float32"), np.zeros(8), verbose=0)


def test_an_error_of_the_engine_shows_no_line_of_it_and_no_cause() -> None:
    _, files, text = shown(fit_with_wrong_labels)
    assert set(files) == {HERE}
    assert "model.fit(" in text and "use sparse_categorical_crossentropy" in text
    assert "direct cause" not in text and "%tb" in text


def test_the_line_of_a_layer_that_failed_is_shown_and_its_name() -> None:
    _, files, text = shown(lambda: Failing(name="mine")(np.ones((2, 4), "float32")))
    assert set(files) == {HERE}
    assert "return inputs + undefined" in text and 'In layer Failing "mine"' in text


def test_a_cause_in_the_readers_code_stays() -> None:
    _, _, text = shown(lambda: Failing()(layerlab.Input((4,))))
    assert "return inputs + undefined" in text
    assert "backend" not in text


def test_an_error_that_nobody_explains_shows_the_line_that_raised_it(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layers.Dense(3)
    monkeypatch.setattr(layer, "build", lambda shape: {}["mistake"])
    monkeypatch.setattr("layerlab_jupyter.tracebacks._INSTALLED", ("/",))
    _, _, text = shown(lambda: layer(np.ones((2, 4), "float32")))
    assert '{}["mistake"]' in text  # a line that stands for one of the engine
    assert "core/layer.py" not in text


class Noting(layers.Layer):
    def call(self, inputs: Any) -> Any:
        error = ValueError("wrong")
        error.add_note("Set JAX_TRACEBACK_FILTERING=off to include these.")
        raise error


def test_of_the_notes_those_that_help_are_shown() -> None:
    _, _, text = shown(lambda: Noting(name="mine")(np.ones((2, 4), "float32")))
    assert text.splitlines()[-3:] == [
        "ValueError: wrong",
        'In layer Noting "mine", called on (2, 4) float32.',
        "(%tb shows the lines inside layerlab.)",
    ]


def test_an_error_without_the_engine_is_left_as_it_is() -> None:
    error, files, text = shown(lambda: np.zeros((2, 3)) @ np.zeros((2, 3)))
    assert len(files) == len(traceback.extract_tb(error.__traceback__))
    assert "%tb" not in text


def test_the_error_itself_is_not_changed() -> None:
    with pytest.raises(ValueError) as caught:
        fit_with_wrong_labels()
    before = traceback.format_exception(caught.value)
    with shortened(caught.value):
        pass
    assert traceback.format_exception(caught.value) == before
    assert "backend" in "".join(before)


@pytest.mark.slow
def test_a_notebook_shows_short_errors_from_the_import_on_and_all_of_them_by_tb() -> None:
    with running_kernel_process() as asker:
        asker.outputs(asker.execute("import layerlab as keras"))
        outputs = asker.outputs(asker.execute("keras.layers.Dense(3, activation='rellu')"))
        whole = asker.outputs(asker.execute("%tb"))
    (error,) = (output for output in outputs if output["type"] == "error")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"])).splitlines()
    assert error["ename"] == "UnknownNameError"
    assert "----> 1 keras.layers.Dense(3, activation='rellu')" in lines
    assert "UnknownNameError: Unknown activation 'rellu'. Did you mean 'relu'?" in lines
    assert len(lines) < 10
    assert "registry.py" in str(whole)
