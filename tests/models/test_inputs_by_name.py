"""A dict of values where a graph has a list of inputs, or a dict, or both: names decide, never the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import DataError
from tests.oracle import agree

# Alphabetical order is not that of the inputs, and each has a size of its own.
TITLE = np.arange(6, dtype="float32").reshape(2, 3)
BODY = 10 * np.arange(8, dtype="float32").reshape(2, 4)
JOINED = np.concatenate([TITLE, BODY], 1).tolist()
NAMED = {"body": BODY, "title": TITLE}


def title_and_body(k: Any = keras, as_dict: bool = False) -> Any:
    title, body = k.Input((3,), name="title"), k.Input((4,), name="body")
    joined = k.layers.Concatenate()([title, body])
    return k.Model({"title": title, "body": body} if as_dict else [title, body], joined, name="joining")


def listed(array: Any) -> Any:
    return ops.convert_to_numpy(array).tolist()


@pytest.mark.parametrize("as_dict", [False, True], ids=["list", "dict"])
def test_a_dict_is_read_by_names_and_what_it_has_beyond_is_left(backend: str, as_dict: bool) -> None:
    model = title_and_body(as_dict=as_dict)
    for given in (NAMED, dict(reversed(NAMED.items())), {"city": np.array(["a", "b"]), "n": BODY, **NAMED}):
        assert listed(model(given)) == JOINED
        assert listed(model(inputs=given)) == JOINED
    assert model.predict({**NAMED, "n": BODY}, verbose=0).tolist() == JOINED


@pytest.mark.parametrize("as_dict", [False, True], ids=["list", "dict"])
@pytest.mark.parametrize("call", ["__call__", "predict", "predict_on_batch"])
def test_a_missing_name_is_named(as_dict: bool, call: str) -> None:
    with pytest.raises(DataError, match=r"no value for title(.|\n)*title(.|\n)*Got: \['body', 'Title'\]"):
        getattr(title_and_body(as_dict=as_dict), call)({"body": BODY, "Title": TITLE})


@pytest.mark.oracle
def test_a_list_for_a_dict_of_inputs_is_refused_where_its_order_is_not_known_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        title, body = k.Input((3,), name="title"), k.Input((4,), name="body")
        joined = k.layers.Concatenate()([title, body])
        seen = []
        for inputs in ({"title": title, "body": body}, {"body": body, "title": title}):
            for given in ([TITLE, BODY], [BODY, TITLE]):
                try:
                    seen.append(k.ops.convert_to_numpy(k.Model(inputs, joined)(given)).tolist())
                except ValueError:
                    seen.append("refused")
        return seen

    assert agree(scenario) == ["refused", "refused", "refused", JOINED]


def test_nested_inputs_are_read_by_the_names_at_each_level(backend: str) -> None:
    inputs = {
        "texts": [keras.Input((3,), name="title"), keras.Input((4,), name="body")],
        "more": {"v": keras.Input((2,), name="v"), "u": keras.Input((1,), name="u")},
    }
    tensors = [*inputs["texts"], inputs["more"]["v"], inputs["more"]["u"]]  # type: ignore[call-overload]
    model = keras.Model(inputs, layers.Concatenate()(tensors))
    more = {"u": np.full((2, 1), 7.0), "v": np.full((2, 2), 8.0), "w": BODY}
    expected = [[*row, 8.0, 8.0, 7.0] for row in JOINED]

    for texts in ([TITLE, BODY], (TITLE, BODY), NAMED):
        assert listed(model({"texts": texts, "more": more, "unused": BODY})) == expected


def test_a_single_input_is_found_by_its_name(backend: str) -> None:
    inputs = keras.Input((3,), name="title")
    for structure in (inputs, [inputs], {"title": inputs}):
        assert listed(keras.Model(structure, inputs * 2)(NAMED)) == (2 * TITLE).tolist()
    sequential = keras.Sequential([inputs, layers.Activation("linear")])
    assert listed(sequential(NAMED)) == TITLE.tolist()


@pytest.mark.filterwarnings("ignore:.* does not support masking")
def test_masks_go_with_the_names_too(backend: str) -> None:
    words, others = keras.Input((3, 1), name="words"), keras.Input((3, 1), name="a")
    pooled = [layers.GlobalAveragePooling1D()(tensor) for tensor in (words, others)]
    inner = keras.Model([words, others], layers.Concatenate()(pooled))
    numbers, plain = keras.Input((3, 1)), keras.Input((3, 1))
    masked = layers.Masking()(numbers)  # skips the steps of zeros
    x = np.array([[[4.0], [0.0], [2.0]]])

    for given in ({"words": masked, "a": plain}, {"a": plain, "words": masked}, [masked, plain]):
        model = keras.Model([numbers, plain], inner(given))
        assert listed(model([x, x])) == [[3.0, 2.0]]  # 6 / 2 where it is masked, 6 / 3 where it is not


@pytest.mark.filterwarnings("ignore:.* does not support masking")
def test_a_column_without_its_last_axis_keeps_its_mask(backend: str) -> None:
    steps = keras.Input((3, 1))
    inner = keras.Model(steps, layers.GlobalAveragePooling1D()(steps))
    numbers = keras.Input((3,), dtype="int32")
    embedded = layers.Embedding(5, 1, mask_zero=True, embeddings_initializer="ones")(numbers)
    without_axis = ops.squeeze(embedded, -1)
    model = keras.Model(numbers, inner(without_axis, mask=ops.not_equal(numbers, 0)))

    assert listed(model(np.array([[1, 0, 0]]))) == [[1.0]]


def test_a_subclass_with_a_graph_sees_the_whole_dict_in_its_own_call(backend: str) -> None:
    class Weighing(keras.Model):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs) * inputs["weight"]

    title, body = keras.Input((3,), name="title"), keras.Input((4,), name="body")
    model = Weighing([title, body], layers.Concatenate()([title, body]))
    weight = np.array([[2.0], [3.0]], "float32")

    assert listed(model({"weight": weight, **NAMED})) == (np.array(JOINED) * weight).tolist()
    with pytest.raises(DataError, match="no value for title"):
        model({"weight": weight, "body": BODY})


def test_a_model_of_models_that_was_called_by_names_is_saved_and_copied(backend: str, tmp_path: Path) -> None:
    title, body = keras.Input((3,), name="t"), keras.Input((4,), name="b")
    outer = keras.Model([title, body], title_and_body()({"body": body, "title": title}))
    outer.save(tmp_path / "outer.keras")

    tensors = {"b": keras.Input((4,), name="b"), "t": keras.Input((3,), name="t")}
    for model in (
        outer,
        keras.models.load_model(tmp_path / "outer.keras"),
        keras.models.clone_model(outer),
        keras.models.clone_model(outer, input_tensors=tensors),
    ):
        assert listed(model([TITLE, BODY])) == listed(model({"b": BODY, "t": TITLE})) == JOINED


# -- rank --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [False, True], ids=["functional", "Sequential"])
def test_a_last_axis_of_one_may_be_there_or_not_at_every_door(backend: str, sequential: bool) -> None:
    for shape, fed in (((2, 3, 1), (4, 2, 3)), ((2, 3), (4, 2, 3, 1)), ((1,), (4,)), ((), (4, 1))):
        inputs = keras.Input(shape)
        model: Any = keras.Model(inputs, inputs * 2)
        if sequential:
            model = keras.Sequential([inputs, layers.Rescaling(2.0)])
        model.compile(loss="mse")
        x = np.arange(np.prod(fed), dtype="float32").reshape(fed)
        expected = (2 * x).reshape(4, *shape)

        for result in (model(x), model.predict(x, verbose=0), model.predict(iter([(x,)]), verbose=0)):
            assert listed(result) == expected.tolist()
        assert model.evaluate(x, expected, verbose=0) == 0.0


def test_images_without_channels_train(backend: str) -> None:
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Conv2D(1, 4, kernel_initializer="ones"), layers.Flatten()]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.arange(32, dtype="float32").reshape(2, 4, 4)

    history = model.fit(x, np.zeros((2, 1)), validation_data=(x[..., None], np.zeros((2, 1))), verbose=0)

    assert history.history["loss"] == history.history["val_loss"] == [(120**2 + 376**2) / 2]


# -- optional inputs ---------------------------------------------------------------------------------


class Boosted(layers.Layer):
    def call(self, x: Any, boost: Any = None) -> Any:
        return x if boost is None else x + ops.sum(boost, axis=-1, keepdims=True)


def boosted(as_dict: bool) -> Any:
    x, boost = keras.Input((3,), name="x"), keras.Input((4,), name="boost", optional=True)
    outputs = layers.Dense(1, kernel_initializer="ones")(Boosted()(x, boost))
    model = keras.Model({"x": x, "boost": boost} if as_dict else [x, boost], outputs)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


@pytest.mark.parametrize("as_dict", [False, True], ids=["list", "dict"])
def test_none_is_taken_for_an_optional_input_at_every_door(backend: str, as_dict: bool) -> None:
    model = boosted(as_dict)
    y = np.zeros((2, 1))
    for boost, rows in ((None, TITLE.sum(1)), (BODY, TITLE.sum(1) + 3 * BODY.sum(1))):
        given: Any = {"x": TITLE, "boost": boost} if as_dict else [TITLE, boost]
        loss = float(np.mean(rows**2))

        for outputs in (model(given), model.predict(given, verbose=0), model.predict_on_batch(given)):
            assert listed(outputs) == rows[:, None].tolist()
        assert model.evaluate(given, y, verbose=0) == pytest.approx(loss)
        assert model.train_on_batch(given, y) == pytest.approx(loss)
        history = model.fit(iter([(given, y)] * 2), validation_data=(given, y), steps_per_epoch=2, verbose=0)
        assert history.history == {"loss": [pytest.approx(loss)], "val_loss": [pytest.approx(loss)]}
        model.fit(given, y, validation_split=0.5, batch_size=1, verbose=0)


@pytest.mark.parametrize("call", ["__call__", "predict", "predict_on_batch"])
def test_none_for_an_input_that_is_not_optional_names_it(call: str) -> None:
    for given in ([None, BODY], {"x": None, "boost": BODY}):
        with pytest.raises(DataError, match=r"None for (the input )?'x'(.|\n)*optional=True"):
            getattr(boosted(as_dict=False), call)(given)
