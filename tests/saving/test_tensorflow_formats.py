"""TensorFlow's two formats: SavedModel folders and checkpoints of weights.

Without TensorFlow they say what to install. Most of the rest runs only where it is installed (the extra
`tensorflow`), which it is not in the environment of `make test`.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X[:, :2]
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
needs_tensorflow = pytest.mark.skipif(not HAS_TENSORFLOW, reason="TensorFlow is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def graph(units: int = 4) -> Any:
    inputs = keras.Input((3,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(units)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dropout(0.3)(hidden)))
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return model


def trained(units: int = 4) -> Any:
    model = graph(units)
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    return model


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(4)
        self.blocks = [keras.layers.Dense(4), keras.layers.Dense(2)]

    def call(self, inputs: Any) -> Any:
        x = self.first(inputs)
        for block in self.blocks:
            x = block(x)
        return x


class OwnBuild(Own):
    """Its layers are built by its first call only."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return super().call(inputs) * self.scale


# -- without TensorFlow -----------------------------------------------------------------------------------


@pytest.fixture
def _no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # so that importing it fails


@pytest.mark.usefixtures("_no_tensorflow")
@pytest.mark.parametrize(
    "save",
    [
        lambda model, place: model.save(place / "model"),
        lambda model, place: model.save(place / "model", save_format="tf"),
        lambda model, place: model.save_weights(place / "model"),
        lambda model, place: model.save_weights(place / "model", save_format="tf"),
    ],
)
def test_saving_without_tensorflow_names_the_extra_and_writes_nothing(save: Any, tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r'pip install "layerlab\[tensorflow\]"'):
        save(graph(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_no_tensorflow")
@pytest.mark.parametrize(
    "save", [lambda model, path: model.save(path), lambda model, path: model.save_weights(path)]
)
def test_what_is_there_stays_without_tensorflow(save: Any, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("precious")
    (tmp_path / "model.index").write_text("precious")
    with pytest.raises(ImportError, match="tensorflow"):
        save(graph(), tmp_path / "model")
    assert (tmp_path / "model").read_text() == (tmp_path / "model.index").read_text() == "precious"


@pytest.mark.usefixtures("_no_tensorflow")
def test_loading_a_checkpoint_without_tensorflow_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "w.index").touch()
    with pytest.raises(ImportError, match=r"layerlab\[tensorflow\]"):
        graph().load_weights(tmp_path / "w")


def test_tensorflow_is_not_imported_with_layerlab() -> None:
    command = "import sys, layerlab; layerlab.Input((3,)); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# -- folders, which need no TensorFlow to be opened --------------------------------------------------------


def as_saved_model(model: Any, folder: Path) -> Path:
    """What `save` makes, without a program."""
    (folder / "assets").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"not read")
    model.save(folder / "assets" / "layerlab_model.keras")
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("_no_tensorflow")
def test_a_saved_model_is_read_without_tensorflow(backend: str, tmp_path: Path) -> None:
    model = trained()
    copy = keras.models.load_model(as_saved_model(model, tmp_path / "model"))
    expected = model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert copy.fit(X, Y, epochs=2, shuffle=False, verbose=0).history == expected


def test_a_saved_model_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"a program")
    (tmp_path / "keras_metadata.pb").write_bytes(b"")
    with pytest.raises(NotImplementedError, match=r"a program, which is not run(.|\n)*'\.keras' or '\.h5'"):
        keras.models.load_model(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no model"):
        keras.models.load_model(tmp_path)


@pytest.mark.parametrize("what", ["file", "assets"])
def test_links_out_of_the_folder_are_refused(what: str, tmp_path: Path) -> None:
    folder = as_saved_model(graph(), tmp_path / "model")
    inside = folder / "assets" / "layerlab_model.keras" if what == "file" else folder / "assets"
    inside.rename(tmp_path / "outside")
    inside.symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match="a link out of the folder"):
        keras.models.load_model(folder)


def test_the_model_in_a_folder_is_checked_as_any_file(tmp_path: Path) -> None:
    folder = as_saved_model(graph(), tmp_path / "model")
    with zipfile.ZipFile(folder / "assets" / "layerlab_model.keras", "a") as archive:
        archive.writestr("../evil.py", "")
    with pytest.raises(ValueError, match="refused"):
        keras.models.load_model(folder)


# -- folders that are written --------------------------------------------------------------------------------


@needs_tensorflow
def test_training_goes_on_from_a_saved_model(backend: str, tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "model", save_format="tf", signatures=None, options=None)
    assert (tmp_path / "model" / "saved_model.pb").is_file()
    copy = keras.models.load_model(tmp_path / "model")
    expected = model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert copy.fit(X, Y, epochs=2, shuffle=False, verbose=0).history == expected
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@needs_tensorflow
def test_tensorflow_opens_the_folder_and_signatures_go_into_it(tmp_path: Path) -> None:
    import tensorflow as tf

    class Doubling(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((2,))])
        def double(self, x: Any) -> Any:
            return {"y": x * 2}

    graph().save(tmp_path / "model", save_format="tf", signatures={"double": Doubling().double})
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.signatures["double"](tf.constant([1.0, 2.0]))["y"], [2, 4])


@needs_tensorflow
def test_a_saved_model_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "model"
    trained().save(path, save_format="tf")
    newer = trained(7)
    newer.save(path, save_format="tf", include_optimizer=False)
    np.testing.assert_array_equal(
        keras.models.load_model(path).predict(X, verbose=0), newer.predict(X, verbose=0)
    )
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in ("thesis", "file"):
        with pytest.raises(OSError, match="is no SavedModel"):
            newer.save(tmp_path / name, save_format="tf")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == (tmp_path / "file").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["file", "model", "thesis"]


@needs_tensorflow
def test_a_failing_save_keeps_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    model = trained()
    model.save(tmp_path / "model", save_format="tf")
    replace = os.replace
    for target, name in ((tf.saved_model, "save"), (os, "replace")):

        def failing(source: Any, *args: Any, _name: str = name, **kwargs: Any) -> Any:
            if _name == "save" or Path(source).name == "folder":
                raise OSError("No space left on device")
            return replace(source, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(target, name, failing)
            with pytest.raises(OSError, match="No space"):
                graph(9).save(tmp_path / "model", save_format="tf")
    copy = keras.models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))
    assert os.listdir(tmp_path) == ["model"]


# -- checkpoints ---------------------------------------------------------------------------------------------


@needs_tensorflow
@pytest.mark.parametrize("make", [graph, Own, OwnBuild])
def test_weights_come_back_from_a_checkpoint(make: Any, backend: str, tmp_path: Path) -> None:
    model = make()
    expected = model.predict(X, verbose=0)
    model.save_weights(tmp_path / "w")
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "w.data-00000-of-00001", "w.index"]
    other = make()
    other.predict(X, verbose=0)
    other.load_weights(tmp_path / "w").assert_consumed().assert_existing_objects_matched()
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)


@needs_tensorflow
@pytest.mark.parametrize("make", [Own, OwnBuild])
@pytest.mark.parametrize("use", ["call", "predict", "build"])
def test_a_model_without_weights_gets_them_when_it_is_built(
    make: Any, use: str, backend: str, tmp_path: Path
) -> None:
    model = make()
    expected = model.predict(X, verbose=0)
    model.save_weights(tmp_path / "w")
    other = make()
    status = other.load_weights(tmp_path / "w").expect_partial()
    with pytest.raises(AssertionError, match="waits until"):
        status.assert_consumed()
    for path in tmp_path.iterdir():
        path.unlink()  # they have been read
    if use == "call":
        np.testing.assert_allclose(np.asarray(other(X).tolist()), expected, rtol=1e-6)
    elif use == "build":
        other.build((None, 3))
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)
    status.assert_consumed()


@needs_tensorflow
def test_a_model_that_waits_for_weights_that_do_not_fit_does_not_run_without(tmp_path: Path) -> None:
    graph().save_weights(tmp_path / "w")
    model = Own()
    model.load_weights(tmp_path / "w")
    for _ in range(2):
        with pytest.raises(ValueError, match="There are no weights for 'blocks/dense'"):
            model.predict(X, verbose=0)


@needs_tensorflow
def test_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    model, other = (keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]) for _ in range(2))
    for each in (model, other):
        each.compile("adam", "mse")
    model.fit(X, Y, verbose=0, shuffle=False)
    model.save_weights(tmp_path / "w")
    other.load_weights(tmp_path / "w").assert_consumed()
    expected = model.fit(X, Y, epochs=2, verbose=0, shuffle=False).history
    assert other.fit(X, Y, epochs=2, verbose=0, shuffle=False).history == expected


@needs_tensorflow
def test_the_status_tells_of_what_was_left(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "w")
    bare = keras.Model(model.inputs, model.outputs)  # not compiled: no place for the optimizer's state
    with pytest.raises(AssertionError, match="more than the model: optimizer"):
        bare.load_weights(tmp_path / "w").assert_consumed()
    larger = graph(5)
    with pytest.raises(ValueError, match="shape"):
        larger.load_weights(tmp_path / "w")
    with pytest.warns(UserWarning, match="Left out"):
        status = larger.load_weights(tmp_path / "w", skip_mismatch=True)
    with pytest.raises(AssertionError, match="did not fit"):
        status.assert_existing_objects_matched()


@needs_tensorflow
def test_tensorflow_finds_the_newest_checkpoint_and_its_arrays(tmp_path: Path) -> None:
    import tensorflow as tf

    model = graph()
    model.save_weights(tmp_path / "a")
    model.save_weights(tmp_path / "b")
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "b")
    kernel = tf.train.load_checkpoint(str(tmp_path)).get_tensor("layers/dense/vars/0")
    np.testing.assert_array_equal(kernel, model.layers[1].kernel.numpy())


@needs_tensorflow
def test_bfloat16_comes_back(tmp_path: Path) -> None:
    def half() -> Any:
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16")])

    model, other = half(), half()
    model.save_weights(tmp_path / "w")
    other.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(other.weights[0].numpy(), model.weights[0].numpy())


@needs_tensorflow
def test_by_name_is_refused(tmp_path: Path) -> None:
    model = graph()
    model.save_weights(tmp_path / "w")
    with pytest.raises(ValueError, match="Expected: a file in HDF5"):
        model.load_weights(tmp_path / "w", by_name=True)


@needs_tensorflow
def test_checkpoints_of_objects_are_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.train.Checkpoint(kernel=tf.Variable([1.0])).write(str(tmp_path / "w"))
    with pytest.raises(NotImplementedError, match="save_weights"):
        graph().load_weights(tmp_path / "w")


@needs_tensorflow
@pytest.mark.parametrize(
    "name", ["layers/../vars/0", "/layers/vars/0", "layers/dense/kernel", "layers/\x1b[1m/vars/0"]
)
def test_other_arrays_are_refused(name: str, tmp_path: Path) -> None:
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "w"), tensor_names=[name], shape_and_slices=[""], tensors=[tf.constant([1.0])]
    )
    with pytest.raises(ValueError, match="holds no weights"):
        graph().load_weights(tmp_path / "w")


@needs_tensorflow
def test_text_in_a_checkpoint_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(tmp_path / "w"), tensor_names=["layers/dense/vars/0"], shape_and_slices=[""],
        tensors=[tf.constant(["text"])],
    )  # fmt: skip
    with pytest.raises(ValueError, match="numbers"):
        graph().load_weights(tmp_path / "w")


@needs_tensorflow
def test_a_damaged_checkpoint_changes_nothing(tmp_path: Path) -> None:
    model = graph()
    before = [variable.numpy() for variable in model.weights]
    model.save_weights(tmp_path / "w")
    random = np.random.default_rng(0)
    refused = 0
    for trial in range(60):
        for name in ("w.index", "w.data-00000-of-00001"):
            whole = (tmp_path / name).read_bytes()
            damaged = bytearray(whole)
            damaged[random.integers(len(whole))] ^= 1 << random.integers(8)
            cut = trial % 3 == 0
            (tmp_path / name).write_bytes(bytes(damaged[: random.integers(len(whole))] if cut else damaged))
            try:
                model.load_weights(tmp_path / "w")  # some bytes are only padding
            except (ValueError, OSError, NotImplementedError):
                refused += 1
            (tmp_path / name).write_bytes(whole)
    assert refused > 100
    for variable, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@needs_tensorflow
def test_a_failing_checkpoint_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    model = graph()
    model.save_weights(tmp_path / "w")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(**_: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.raw_ops, "SaveV2", full)
    with pytest.raises(OSError, match="No space"):
        graph(6).save_weights(tmp_path / "w")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
