"""plot_model: files that hold what was asked for, with no Graphviz; and errors where it cannot be done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

import layerlab as keras
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError
from layerlab.inspect import Edge, ModelGraph
from layerlab.inspect.graph_picture import Labels, draw
from layerlab.inspect.svg_picture import picture_svg
from tests.inspect.test_svg_picture import node
from tests.timing import cpu_seconds_below

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def model() -> Any:
    inner = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="relu", name="squeeze")], name="encoder"
    )
    inner.trainable = False
    x = keras.Input((4,), name="numbers")
    y = keras.layers.Dense(2, activation="softmax", name="scores")(inner(x))
    return keras.Model(x, y, name="classifier")


def texts(path: Path) -> list[list[str]]:
    """The lines of each box and frame."""
    root = ElementTree.parse(path).getroot()
    return [
        [line.text or "" for line in (text.findall(f"{SVG}tspan") or [text])]
        for text in root.iter(f"{SVG}text")
    ]


def test_by_default_boxes_tell_the_class_only_and_groups_are_closed(model: Any, tmp_path: Path) -> None:
    plotted = keras.utils.plot_model(model, tmp_path / "model.svg")
    assert texts(tmp_path / "model.svg") == [["InputLayer"], ["Sequential"], ["Dense"]]
    assert plotted.path == tmp_path / "model.svg"
    assert plotted._repr_svg_() == (tmp_path / "model.svg").read_text("utf-8")
    assert plotted._repr_png_() is None


def test_every_argument_adds_its_line(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.svg"
    keras.utils.plot_model(
        model,
        to_file=str(path),
        show_shapes=True,
        show_dtype=True,
        show_layer_names=True,
        expand_nested=True,
        show_layer_activations=True,
        show_trainable=True,
    )
    assert texts(path) == [
        ["encoder (Sequential)"],
        ["numbers", "InputLayer", "out: (None, 4)", "float32"],
        [
            "squeeze", "Dense", "activation: relu", "in: (None, 4)", "out: (None, 3)", "float32",
            "not trainable",
        ],
        [
            "scores", "Dense", "activation: softmax", "in: (None, 3)", "out: (None, 2)", "float32",
            "trainable",
        ],
    ]  # fmt: skip


def test_rankdir_turns_the_picture(model: Any, tmp_path: Path) -> None:
    sizes = {}
    for rankdir in ("TB", "LR"):
        keras.utils.plot_model(model, tmp_path / "model.svg", rankdir=rankdir)
        root = ElementTree.parse(tmp_path / "model.svg").getroot()
        sizes[rankdir] = float(root.get("width", "0")) > float(root.get("height", "0"))
    assert sizes == {"TB": False, "LR": True}


def test_a_file_on_its_own_is_dark_text_on_white(model: Any, tmp_path: Path) -> None:
    keras.utils.plot_model(model, tmp_path / "model.svg")
    root = ElementTree.parse(tmp_path / "model.svg").getroot()
    assert root.get("color") == "#111827"
    assert root[0].get("fill") == "#ffffff"


def test_a_png_has_the_pixels_that_dpi_asks_for(model: Any, tmp_path: Path) -> None:
    keras.utils.plot_model(model, tmp_path / "model.svg")
    root = ElementTree.parse(tmp_path / "model.svg").getroot()
    for dpi in (96, 192):
        plotted = keras.utils.plot_model(model, tmp_path / "model.png", dpi=dpi)
        with Image.open(tmp_path / "model.png") as picture:
            assert picture.width == pytest.approx(float(root.get("width", "0")) * dpi / 96, abs=2)
            pixels = picture.convert("RGB")
            assert pixels.getpixel((1, 1)) == (255, 255, 255)
            assert len(pixels.getcolors(100_000) or []) > 20  # boxes, text and lines are there
        assert plotted._repr_png_() == (tmp_path / "model.png").read_bytes()


def test_a_name_without_suffix_is_a_png_and_pdf_is_one_page(model: Any, tmp_path: Path) -> None:
    keras.utils.plot_model(model, tmp_path / "model")
    assert (tmp_path / "model").read_bytes().startswith(b"\x89PNG")
    keras.utils.plot_model(model, tmp_path / "model.pdf")
    assert (tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")


def test_without_matplotlib_a_png_is_refused_with_what_works(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UnsupportedError, match=r"(?s)matplotlib.*model\.svg"):
        keras.utils.plot_model(model, tmp_path / "model.png")
    keras.utils.plot_model(model, tmp_path / "model.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["model.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to_file": "model.gif"}, r"\.svg, \.png or \.pdf"),
        ({"rankdir": "BT"}, "'TB' or 'LR'"),
        ({"dpi": 0}, "positive number"),
        ({"dpi": "high"}, "positive number"),
        ({"layer_range": ["a", "b"]}, "layer_range"),
        ({"show_sizes": True}, "show_sizes"),
    ],
)
def test_what_is_not_known_is_refused(model: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        keras.utils.plot_model(model, **arguments)
    assert not Path("model.png").exists()


def test_a_model_that_is_not_built_is_refused_with_advice(tmp_path: Path) -> None:
    unbuilt = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(NotBuiltError, match=r"build\(input_shape\)"):
        keras.utils.plot_model(unbuilt, tmp_path / "model.svg")


def test_model_to_dot_says_what_to_use(model: Any) -> None:
    with pytest.raises(UnsupportedError, match="plot_model"):
        keras.utils.model_to_dot(model, show_shapes=True)


def test_names_that_matplotlib_would_read_as_formulas_are_names(tmp_path: Path) -> None:
    x = keras.Input((4,), name="$x^2")
    y = keras.layers.Dense(2, name="<b>$\\frac{a}$")(x)
    plotted = keras.utils.plot_model(keras.Model(x, y), tmp_path / "m.png", show_layer_names=True)
    assert plotted.data.startswith(b"\x89PNG")


def test_an_image_that_would_be_too_large_is_refused(tmp_path: Path) -> None:
    x = inputs = keras.Input((1,))
    for _ in range(60):
        x = keras.layers.ReLU()(x)
    with pytest.raises(UnsupportedError, match=r"(?s)pixels.*model\.svg"):
        keras.utils.plot_model(keras.Model(inputs, x), tmp_path / "m.png", dpi=5000)


@pytest.mark.slow
def test_5000_layers_are_drawn_in_seconds() -> None:
    nodes = [node(f"n{i}") for i in range(5000)]
    edges = [Edge(source=f"n{i}", target=f"n{i + 1}", label="") for i in range(4999)]
    edges += [Edge(source=f"n{i}", target=f"n{i + 5}", label="") for i in range(0, 4990, 5)]
    with cpu_seconds_below(5):
        svg = picture_svg(
            draw(ModelGraph(nodes=nodes, edges=edges), "LR", Labels(input_shapes=True)), "chain"
        )
    assert len(ElementTree.fromstring(svg).findall(f"{SVG}g")) == 5002
