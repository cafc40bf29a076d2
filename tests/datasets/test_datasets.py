"""The data sets, from small files of the same formats, with the installed Keras as witness."""

from __future__ import annotations

import gzip
import inspect
import io
import itertools
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest
from sklearn.datasets import load_digits

import layerlab as keras
from layerlab.errors import DataError, DownloadError, InvalidArgumentError, UnreadableFileError

NAMES = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
RANDOM = np.random.default_rng(3)

Files = Callable[..., Path]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Both read the files of `tmp_path` in place of the network; what they asked for is listed."""
    calls: list[tuple[Any, ...]] = []

    def get_file(fname: Any = None, origin: str = "", **arguments: Any) -> str:
        calls.append((fname, origin, tuple(sorted(arguments.items()))))
        return str(tmp_path / fname)

    monkeypatch.setattr("layerlab.datasets.fetching.get_file", get_file)
    for name in NAMES:
        monkeypatch.setattr(f"keras.src.datasets.{name}.get_file", get_file)
    return calls


def agree(name: str, function: str = "load_data", **arguments: Any) -> Any:
    """Both results, if they are equal to the last dtype."""
    ours, theirs = (getattr(getattr(k.datasets, name), function)(**arguments) for k in (keras, oracle))
    for (x, y), (their_x, their_y) in zip(ours, theirs):
        for mine, his in ((x, their_x), (y, their_y)):
            assert mine.dtype == his.dtype
            assert [np.asarray(row).tolist() for row in mine] == [np.asarray(row).tolist() for row in his]
            assert mine.dtype == object or mine.shape == his.shape
    return ours


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_functions_and_arguments_are_those_of_keras(name: str) -> None:
    ours, theirs = getattr(keras.datasets, name), getattr(oracle.datasets, name)
    functions = {key for key, value in vars(theirs).items() if callable(value)}
    assert functions == set(ours.__all__)
    for function in functions:
        mine, his = (inspect.signature(getattr(module, function)).parameters for module in (ours, theirs))
        assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in his.values()]


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_files_addresses_and_hashes_are_those_of_keras(name: str, asked: list[Any]) -> None:
    functions = [f for f in ("load_data", "get_word_index") if hasattr(getattr(keras.datasets, name), f)]
    for function, k in itertools.product(functions, (keras, oracle)):
        with pytest.raises((OSError, DataError)):
            getattr(getattr(k.datasets, name), function)()
        asked.append(None)
    parts = [list(group) for is_call, group in itertools.groupby(asked, bool) if is_call]
    for ours, theirs in zip(parts[::2], parts[1::2]):
        assert ours == theirs[: len(ours)] and ours  # ours stops at the first that is missing


@pytest.mark.oracle
def test_mnist(tmp_path: Path, asked: list[Any]) -> None:
    x, y = RANDOM.integers(0, 256, (9, 28, 28)).astype("uint8"), RANDOM.integers(0, 10, 9).astype("uint8")
    np.savez(
        tmp_path / "mnist.npz", x_train=x[:6], y_train=y[:6], x_test=np.asfortranarray(x[6:]), y_test=y[6:]
    )
    (x_train, _), (x_test, _) = agree("mnist")
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x)
    x_train[0] = 0  # may be written to


@pytest.mark.oracle
def test_fashion_mnist(tmp_path: Path, asked: list[Any]) -> None:
    for name, shape in (("train", (5, 28, 28)), ("t10k", (3, 28, 28))):
        for part, form in (("images-idx3", shape), ("labels-idx1", shape[:1])):
            data = RANDOM.integers(0, 10, form).astype("uint8").tobytes()
            head = struct.pack(f">HBB{len(form)}I", 0, 8, len(form), *form)
            (tmp_path / f"{name}-{part}-ubyte.gz").write_bytes(gzip.compress(head + data))
    agree("fashion_mnist")


class Python2(pickle._Pickler):  # type: ignore[name-defined]
    """Writes texts and bytes alike, as the data set was written."""

    dispatch = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, text: Any) -> None:
        raw = text if isinstance(text, bytes) else text.encode()
        self.write(  # type: ignore[attr-defined]
            b"U" + bytes([len(raw)]) + raw if len(raw) < 256 else b"T" + struct.pack("<i", len(raw)) + raw
        )
        self.memoize(text)  # type: ignore[attr-defined]

    dispatch[bytes] = dispatch[str] = save_text


def cifar_batch(count: int, **labels: list[int]) -> bytes:
    images = RANDOM.integers(0, 256, (count, 3072)).astype("uint8")
    buffer = io.BytesIO()
    Python2(buffer, 2).dump({"data": images, "batch_label": "1", "filenames": ["a.png"] * count, **labels})
    return buffer.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


@pytest.mark.oracle
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(tmp_path: Path, asked: list[Any], data_format: str, label_mode: str) -> None:
    folder = tmp_path / "cifar-100-python-target" / "cifar-100-python"
    folder.mkdir(parents=True)
    for name, count in (("train", 5), ("test", 3)):
        labels = {f"{mode}_labels": RANDOM.integers(0, 20, count).tolist() for mode in ("fine", "coarse")}
        (folder / name).write_bytes(cifar_batch(count, **labels))
    keras.config.set_image_data_format(data_format)
    before = oracle.config.image_data_format()
    oracle.config.set_image_data_format(data_format)
    try:
        agree("cifar100", label_mode=label_mode)
    finally:
        oracle.config.set_image_data_format(before)


def test_cifar10(tmp_path: Path, asked: list[Any]) -> None:
    folder = tmp_path / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    batches = {
        name: cifar_batch(2, labels=[7, 1])
        for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    }
    for name, content in batches.items():
        (folder / name).write_bytes(content)
    (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    rows = [pickle.loads(content, encoding="bytes")[b"data"] for content in batches.values()]
    np.testing.assert_array_equal(
        x_train, np.concatenate(rows[:5]).reshape(10, 3, 32, 32).transpose(0, 2, 3, 1)
    )
    np.testing.assert_array_equal(x_test, rows[5].reshape(2, 3, 32, 32).transpose(0, 2, 3, 1))
    assert y_train.tolist() == [[7], [1]] * 5 and y_train.dtype == y_test.dtype == np.uint8


def test_a_pickle_is_never_executed(tmp_path: Path, asked: list[Any]) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "executed",)

    folder = tmp_path / "cifar-100-python-target" / "cifar-100-python"
    folder.mkdir(parents=True)
    (folder / "train").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(UnreadableFileError, match="names code"):
        keras.datasets.cifar100.load_data()
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "payload",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"(S'x'\nios\nsystem\n.",
        pickle.dumps(np.array([[1]], dtype=object))[:-9],
        pickle.dumps({b"data": np.array(["a"]), b"fine_labels": [1]}),
        pickle.dumps({b"data": np.zeros((2, 3072), "uint8"), b"fine_labels": [1]}),
        pickle.dumps([1]),
        b"",
    ],
)
def test_a_hostile_or_damaged_batch_is_refused(tmp_path: Path, asked: list[Any], payload: bytes) -> None:
    folder = tmp_path / "cifar-100-python-target" / "cifar-100-python"
    folder.mkdir(parents=True)
    (folder / "train").write_bytes(payload)
    with pytest.raises(UnreadableFileError):
        keras.datasets.cifar100.load_data()


def housing(path: Path, rows: int, features: int) -> None:
    np.savez(path, x=RANDOM.normal(size=(rows, features)).astype("float32"), y=RANDOM.normal(size=rows))


@pytest.mark.oracle
@pytest.mark.parametrize("arguments", [{}, {"test_split": 0.0}, {"test_split": 0.37, "seed": 5}])
def test_housing(tmp_path: Path, asked: list[Any], arguments: Any) -> None:
    housing(tmp_path / "boston_housing.npz", 23, 13)
    housing(tmp_path / "california_housing.npz", 650, 8)
    agree("boston_housing", **arguments)
    for version in ("small", "large"):
        (x, _), (x_test, _) = agree("california_housing", version=version, **arguments)
        assert len(x) + len(x_test) == {"small": 600, "large": 650}[version]


def texts(count: int) -> np.ndarray:
    rows = np.empty(count, dtype=object)
    for i in range(count):
        rows[i] = RANDOM.integers(1, 40, 1 + i % 7).tolist()
    return rows


WAYS: list[dict[str, Any]] = [
    {},
    {"num_words": 20},
    {"num_words": 25, "skip_top": 6, "oov_char": None},
    {"skip_top": 3, "start_char": None},
    {"start_char": None, "index_from": 0, "oov_char": 9},
    {"maxlen": 5, "seed": 1},
    {"maxlen": 4, "num_words": 30, "index_from": 10},
]


@pytest.mark.oracle
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_imdb_and_reuters(tmp_path: Path, asked: list[Any], way: dict[str, Any]) -> None:
    labels = RANDOM.integers(0, 2, 30)
    x, x_test = texts(30), texts(17)
    np.savez(tmp_path / "imdb.npz", x_train=x, y_train=labels, x_test=x_test, y_test=labels[:17])
    np.savez(tmp_path / "reuters.npz", x=x, y=labels)
    agree("imdb", **way)
    (x_train, _), _ = agree("reuters", test_split=0.3, **way)
    assert x_train.dtype == object and all(type(word) is int for word in x_train[0])


def test_texts_of_one_length_stay_lists(tmp_path: Path, asked: list[Any]) -> None:
    rows = np.empty(4, dtype=object)
    rows[:] = [[1, 2]] * 4
    np.savez(tmp_path / "reuters.npz", x=rows, y=np.arange(4))
    (x, _), _ = keras.datasets.reuters.load_data()
    assert x.shape == (3,) and x[0] == [1, 4, 2]  # the largest number counts as unknown, as in Keras


def test_word_numbers(tmp_path: Path, asked: list[Any]) -> None:
    for name in ("imdb", "reuters"):
        (tmp_path / f"{name}_word_index.json").write_text(json.dumps({"naïve": 1}), encoding="utf-8")
        assert getattr(keras.datasets, name).get_word_index() == {"naïve": 1}


@pytest.mark.oracle
def test_topics() -> None:
    assert keras.datasets.reuters.get_label_names() == oracle.datasets.reuters.get_label_names()


def test_digits_need_no_network_and_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.socket")
    theirs = load_digits()
    order = np.random.RandomState(113).permutation(len(theirs.images))
    (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    np.testing.assert_array_equal(np.concatenate([x, x_test]), theirs.images[order])
    np.testing.assert_array_equal(np.concatenate([y, y_test]), theirs.target[order])
    assert x.dtype == y.dtype == np.uint8 and x.shape == (1437, 8, 8)


def test_offline_the_error_names_the_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("layerlab.datasets.mnist.KERAS_FILES", "http://127.0.0.1:9/")
    with pytest.raises(DownloadError, match=r"digits\.load_data") as caught:
        keras.datasets.mnist.load_data()
    assert str(tmp_path / "datasets" / "mnist.npz") in str(caught.value)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "says"),
    [
        ("cifar100", {"label_mode": "rough"}, InvalidArgumentError, "coarse"),
        ("california_housing", {"version": "tiny"}, InvalidArgumentError, "small"),
        ("boston_housing", {"test_split": 1}, InvalidArgumentError, "test_split"),
        ("digits", {"test_split": -0.1}, InvalidArgumentError, "test_split"),
        ("reuters", {"test_split": "a"}, InvalidArgumentError, "test_split"),
        ("imdb", {"nb_words": 3}, TypeError, "nb_words"),
        ("imdb", {"maxlen": 2}, DataError, "maxlen"),
        ("reuters", {"maxlen": 1}, DataError, "maxlen"),
    ],
)
def test_arguments_that_cannot_be_are_named(
    tmp_path: Path, asked: list[Any], name: str, arguments: Any, error: Any, says: str
) -> None:
    np.savez(tmp_path / "reuters.npz", x=texts(9)[1:], y=np.arange(8))
    np.savez(
        tmp_path / "imdb.npz", x_train=texts(9)[1:6], y_train=np.arange(5), x_test=texts(2)[1:], y_test=[1]
    )
    with pytest.raises(error, match=says):
        getattr(keras.datasets, name).load_data(**arguments)


def npz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(declared: tuple[int, ...], content: bytes, dtype: str = "|u1") -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": declared})
    return buffer.getvalue() + content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        npz({"x.npy": b"no array", "y.npy": b""}),
        npz({"x.npy": npy((3,), b"abc")}),
        npz({"x.npy": npy((2**40,), b"abc"), "y.npy": npy((1,), b"a")}),
        npz({"x.npy": npy((3,), b"ab"), "y.npy": npy((1,), b"a")}),
        npz({"x.npy": npy((2,), pickle.dumps([1, 2, 3]), "|O"), "y.npy": npy((1,), b"a")}),
        npz({"x.npy": npy((1,), b"cos\nsystem\n(S'true'\ntR.", "|O"), "y.npy": npy((1,), b"a")}),
        npz({"x.npy": npy((10**8,), bytes(10**8)), "y.npy": npy((1,), b"a")}),
    ],
    ids=["empty", "text", "no array", "missing", "huge", "short", "objects", "code", "bomb"],
)
def test_a_hostile_or_damaged_npz_is_refused(tmp_path: Path, asked: list[Any], content: bytes) -> None:
    (tmp_path / "boston_housing.npz").write_bytes(content)
    with pytest.raises(UnreadableFileError):
        keras.datasets.boston_housing.load_data()
