"""`model.summary()` prints what Keras prints, line by line; the same facts come as data."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab
from layerlab.errors import InvalidArgumentError, NotBuiltError
from layerlab.inspect import summarize

LONG = "a_name_of_a_layer_that_is_much_too_long_for_any_column_of_the_table"


@pytest.fixture(autouse=True)
def width_of_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def printed(model: Any, **options: Any) -> list[str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        model.summary(**options)
    return out.getvalue().splitlines()


def both(build: Callable[[ModuleType], Any], **options: Any) -> tuple[list[str], list[str]]:
    """Our lines and those of Keras for the model that `build(keras)` makes."""
    layerlab.utils.clear_session()
    oracle.utils.clear_session()
    ours, theirs = build(layerlab), build(oracle)
    text: list[str] = []
    theirs.summary(print_fn=text.append, **options)
    return printed(ours, **options), "".join(text).splitlines()


def sequential(keras: ModuleType) -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, name=LONG),
        ],
        name="net",
    )


def chain(keras: ModuleType) -> Any:
    x = keras.Input((4,), name="in_a")
    return keras.Model(x, keras.layers.Dense(2, name="second")(keras.layers.Dense(3, name="first")(x)))


def branches(keras: ModuleType) -> Any:
    a = keras.Input((4,), name="left")
    b = keras.Input((4,), name="right")
    shared = keras.layers.Dense(8, name="shared")
    x = keras.layers.Add(name="sum")([shared(a), shared(b)])
    y = keras.layers.Concatenate(name="joined")([x, a, b])
    return keras.Model(
        [a, b], [keras.layers.Dense(1, name="score")(y), keras.layers.Dense(3, name="kind")(x)]
    )


def shared_in_a_chain(keras: ModuleType) -> Any:
    x = keras.Input((4,), name="x")
    dense = keras.layers.Dense(4, name="again")
    return keras.Model(x, dense(dense(x)))


def nested(keras: ModuleType) -> Any:
    inner_input = keras.Input((4,), name="inner_input")
    inner = keras.Model(inner_input, keras.layers.Dense(3, name="buried")(inner_input), name="inner")
    deep = keras.layers.Dense(5, name="deep")
    stack = keras.Sequential([keras.Input((3,)), deep, innermost(keras)], name="stack")
    x = keras.Input((4,), name="start")
    y = stack(inner(x))
    return keras.Model(x, keras.layers.Dense(1, name="finish")(y), name="outer")


def innermost(keras: ModuleType) -> Any:
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(2, name="deepest")], name="innermost")


def nested_branches(keras: ModuleType) -> Any:
    inner_input = keras.Input((4,), name="inner_input")
    inner = keras.Model(inner_input, keras.layers.Dense(4, name="buried")(inner_input), name="inner")
    x = keras.Input((4,), name="start")
    return keras.Model(x, keras.layers.Add(name="sum")([inner(x), inner(inner(x))]))


def arithmetic(keras: ModuleType) -> Any:
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Dense(2, name="out")(x * 2.0 + x))


def frozen(keras: ModuleType) -> Any:
    model = nested(keras)
    model.get_layer("inner").trainable = False
    return model


def subclass(keras: ModuleType) -> Any:
    class Net(keras.Model):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__(name="net")
            self.first = keras.layers.Dense(4, name="first")
            self.unused = keras.layers.Dense(3, name="unused")
            self.last = keras.layers.Dense(2, name="last")

        def call(self, inputs: Any) -> Any:
            return self.last(self.first(inputs))

    net = Net()
    net(np.zeros((2, 3), "float32"))
    return net


def trained(keras: ModuleType) -> Any:
    model = branches(keras)
    model.compile("adam", "mse")
    x = np.zeros((4, 4), "float32")
    model.fit([x, x], [np.zeros((4, 1), "float32"), np.zeros((4, 3), "float32")], verbose=0)
    return model


MODELS = [
    sequential,
    chain,
    branches,
    shared_in_a_chain,
    nested,
    nested_branches,
    arithmetic,
    subclass,
    frozen,
    trained,
]


@pytest.mark.oracle
@pytest.mark.parametrize("build", MODELS)
def test_the_text_is_that_of_keras(build: Callable[[ModuleType], Any]) -> None:
    ours, theirs = both(build)
    assert ours == theirs


@pytest.mark.oracle
@pytest.mark.parametrize("build", [nested, nested_branches, frozen, sequential])
@pytest.mark.parametrize(
    "options",
    [
        {"expand_nested": True},
        {"show_trainable": True},
        {"expand_nested": True, "show_trainable": True, "line_length": 90},
    ],
)
def test_the_text_with_options_is_that_of_keras(
    build: Callable[[ModuleType], Any], options: dict[str, Any]
) -> None:
    ours, theirs = both(build, **options)
    assert ours == theirs


@pytest.mark.oracle
@pytest.mark.parametrize("line_length", [40, 61, 100, 133])
@pytest.mark.parametrize("build", [sequential, branches])
def test_lines_are_as_long_as_asked_for(build: Callable[[ModuleType], Any], line_length: int) -> None:
    ours, theirs = both(build, line_length=line_length)
    assert ours == theirs
    assert {len(line) for line in ours if line[0] in "┏┃┡│├└"} == {line_length}


@pytest.mark.oracle
@pytest.mark.parametrize("positions", [[0.3, 0.6, 0.7, 1.0], [0.2, 0.3, 0.5, 0.8]])
def test_relative_positions_are_those_of_keras(positions: list[float]) -> None:
    ours, theirs = both(branches, positions=positions, line_length=100)
    assert ours == theirs


def test_absolute_positions_are_column_ends() -> None:
    model = branches(layerlab)
    relative = printed(model, positions=[0.3, 0.6, 0.8, 1.0], line_length=100)
    absolute = printed(model, positions=[30, 60, 80, 100], line_length=100)
    assert absolute == relative


@pytest.mark.oracle
@pytest.mark.parametrize(
    "layer_range", [("inner", "stack"), ["sta", "in.*"], ("stack", "inner"), ("start", "start"), ("s", "s")]
)
def test_layer_range_takes_names_and_patterns_as_keras_does(layer_range: Any) -> None:
    ours, theirs = both(nested, layer_range=layer_range)
    assert ours == theirs


@pytest.mark.parametrize("layer_range", [("start",), ("start", 3), "ab"])
def test_layer_range_must_be_two_names(layer_range: Any) -> None:
    model = nested(layerlab)
    with pytest.raises(ValueError, match="two names" if layer_range != "ab" else "no layer matches 'a'"):
        model.summary(layer_range=layer_range)


def test_an_unknown_layer_in_layer_range_names_the_near_one() -> None:
    with pytest.raises(InvalidArgumentError, match=r"finsh.*Did you mean 'finish'"):
        nested(layerlab).summary(layer_range=("start", "finsh"))


def test_too_few_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        chain(layerlab).summary(line_length=12)


def test_too_few_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="4 column ends"):
        branches(layerlab).summary(positions=[0.5, 1.0])


def test_print_fn_gets_each_line() -> None:
    lines: list[str] = []
    model = chain(layerlab)
    model.summary(print_fn=lines.append)
    assert lines == printed(model)
    assert not any("\n" in line for line in lines)


def test_a_narrow_terminal_gets_narrow_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, printed(branches(layerlab)))) == 56


def test_a_model_that_is_not_built_has_no_summary() -> None:
    with pytest.raises(NotBuiltError, match="has not been built"):
        layerlab.Sequential([layerlab.layers.Dense(2)]).summary()


def test_a_name_cannot_carry_terminal_codes() -> None:
    with pytest.raises(InvalidArgumentError, match="printable") as caught:
        layerlab.Input((2,), name="\x1b[2Jx")
    assert "\x1b" not in str(caught.value)


def test_layers_of_a_subclass_show_unknown_sizes_as_none() -> None:
    class Net(layerlab.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layerlab.layers.Dense(4, name="dense")
            self.flat = layerlab.layers.Flatten(name="flat")

        def call(self, inputs: Any) -> Any:
            return self.flat(self.dense(inputs))

    net = Net()
    net.build((None, 3, 2))
    assert [row.output_shape for row in summarize(net).rows] == ["(None, 3, 4)", "(None, 12)"]


# -- as data -----------------------------------------------------------------------------------------------


def test_rows_hold_inner_layers_with_their_depth() -> None:
    table = summarize(nested(layerlab))
    assert [(row.name, row.depth) for row in table.rows] == [
        ("start", 0), ("inner", 0), ("inner_input", 1), ("buried", 1),
        ("stack", 0), ("deep", 1), ("innermost", 1), ("deepest", 2), ("finish", 0),
    ]  # fmt: skip


def test_totals_count_shared_weights_once_and_leave_the_optimizer_apart() -> None:
    model = trained(layerlab)
    table = summarize(model)
    assert table.parameters == 4 * 8 + 8 + 16 * 1 + 1 + 8 * 3 + 3
    assert table.trainable_parameters == table.parameters
    assert table.size_bytes == 4 * table.parameters
    assert table.optimizer_parameters == 2 * table.parameters + 2  # two moments; iterations and learning rate


def test_rows_name_what_a_layer_is_connected_to() -> None:
    rows = {row.name: row for row in summarize(branches(layerlab)).rows}
    assert rows["shared"].connected_to == ["left", "right"]
    assert rows["joined"].connected_to == ["sum", "left", "right"]
    assert rows["left"].connected_to == []


def test_a_row_tells_shape_size_and_whether_it_is_trained() -> None:
    row = next(row for row in summarize(frozen(layerlab)).rows if row.name == "buried")
    assert (row.class_name, row.output_shape, row.parameters, row.size_bytes, row.trainable) == (
        "Dense", "(None, 3)", 15, 60, False,
    )  # fmt: skip


def test_summarize_takes_a_model_that_is_not_built() -> None:
    table = summarize(layerlab.Sequential([layerlab.layers.Dense(2, name="dense")]))
    assert [(row.name, row.output_shape, row.parameters) for row in table.rows] == [("dense", "?", 0)]
