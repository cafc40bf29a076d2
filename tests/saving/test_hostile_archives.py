"""`.keras` files that are damaged or meant to do harm: a clear error, nothing run, nothing read outside."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import layerlab as keras
from layerlab.core.registry import get_custom_objects
from tests.timing import cpu_seconds_below

Members = dict[str, bytes]
Change = Callable[[Members], None]
CONFIG, WEIGHTS = "config.json", "model.weights.h5"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is as it should be."""
    path = tmp_path_factory.mktemp("whole") / "model.keras"
    first, second = keras.layers.Dense(4, name="dense"), keras.layers.Dense(2, name="dense_1")
    model = keras.Sequential([keras.Input((3,)), first, second], name="sequential")
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.save(path)
    return path


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, members: Members, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def refused(path: Path, *words: str, limit: int = 200 * 2**20, **kwargs: Any) -> str:
    """Load, which must fail within a few seconds and little memory; return the message."""
    before = dict(get_custom_objects())
    tracemalloc.start()
    try:
        with cpu_seconds_below(20), pytest.raises((ValueError, OSError)) as caught:
            keras.saving.load_model(path, **kwargs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert path.name in message
    assert len(message) < 1200
    for word in words:
        assert word in message
    assert peak < limit
    assert get_custom_objects() == before
    return message


# -- what the archive holds ------------------------------------------------------------------------------


def drop(name: str) -> Change:
    return lambda members: members.__delitem__(name)


def put(name: str, data: bytes) -> Change:
    return lambda members: members.update({name: data})


def config(change: Callable[[Any], Any]) -> Change:
    """Change the config; what `change` returns takes its place."""

    def apply(members: Members) -> None:
        data = json.loads(members[CONFIG])
        changed = change(data)
        members[CONFIG] = json.dumps(data if changed is None else changed).encode()

    return apply


def dense(**values: Any) -> Change:
    """Change arguments of the first Dense layer."""
    return config(lambda data: data["config"]["layers"][1]["config"].update(values))


def layer(**values: Any) -> Change:
    """Change what the first Dense layer is."""
    return config(lambda data: data["config"]["layers"][1].update(values))


def compiled(**values: Any) -> Change:
    return config(lambda data: data["compile_config"].update(values))


def weights(change: Callable[[h5py.File], Any]) -> Change:
    def apply(members: Members) -> None:
        buffer = io.BytesIO(members[WEIGHTS])
        with h5py.File(buffer, "r+") as file:
            change(file)
        members[WEIGHTS] = buffer.getvalue()

    return apply


KERNEL = "layers/dense/vars/0"


def kernel(make: Callable[[h5py.File], Any]) -> Change:
    """Put something in the place of a kernel."""

    def change(file: h5py.File) -> None:
        del file[KERNEL]
        made = make(file)
        if made is not None:
            file[KERNEL] = made

    return weights(change)


def deep(levels: int) -> bytes:
    return b'{"class_name": "Sequential", "config": ' + b"[" * levels + b"]" * levels + b"}"


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape=(3, 4))
    file.create_virtual_dataset(KERNEL, layout)


def function(name: str, module: str = "builtins") -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


def instance(module: str, class_name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "module": module, "class_name": class_name, "config": arguments, "registered_name": class_name,
    }  # fmt: skip


DAMAGE: dict[str, tuple[Change, str]] = {
    "no config": (drop(CONFIG), "no member 'config.json'"),
    "no metadata": (drop("metadata.json"), "no member 'metadata.json'"),
    "no weights": (drop(WEIGHTS), "has no weights"),
    "garbage as metadata": (put("metadata.json", b"\xff\xfe"), "metadata.json is damaged"),
    "a list as metadata": (put("metadata.json", b"[]"), "metadata.json is damaged"),
    "garbage as config": (put(CONFIG, b"not json"), "config.json is damaged"),
    "a list as config": (put(CONFIG, b"[]"), "describes no model"),
    "a layer as config": (
        config(lambda data: data["config"]["layers"][1]),
        "describes no model",
    ),
    "a deep config": (put(CONFIG, deep(10_000)), "nested too deeply"),
    "a fairly deep config": (put(CONFIG, deep(500)), "too large"),
    "garbage as weights": (put(WEIGHTS, b"x" * 3000), "HDF5"),
    "cut-off weights": (lambda m: m.update({WEIGHTS: m[WEIGHTS][:4000]}), "HDF5"),
    "a missing array": (kernel(lambda file: None), "do not fit"),
    "a missing layer": (weights(lambda file: file.__delitem__("layers/dense")), "no weights for"),
    "surplus weights": (weights(lambda file: file.create_dataset("layers/other/vars/0", data=[1.0]) and None),
                        "no place"),
    "another shape": (kernel(lambda file: np.zeros((4, 4), "f4")), "(3, 4)"),
    "complex weights": (kernel(lambda file: np.zeros((3, 4), "complex64")), "numbers"),
    "negative units": (dense(units=-3), "units"),
    "units that are text": (dense(units="four"), "units"),
    "huge units": (dense(units=2**28), "weights in proportion"),
    "units past all integers": (dense(units=2**70), "weights in proportion"),
    "unknown arguments": (dense(sorcery=1), "sorcery"),
    "two layers of one name": (
        config(lambda data: data["config"]["layers"][2]["config"].update(name="dense")),
        "dense",
    ),
    "a name with a slash": (dense(name="../../evil"), "/"),
    "an absolute name": (dense(name="/etc/evil"), "/"),
    "the folder above as a name": (dense(name=".."), "cannot be named"),
    "a name with NUL": (dense(name="a\0b"), "cannot be named"),
    "a name that is no text": (dense(name={"a": 1}), "cannot be named"),
    "a function that is a million bytes": (dense(activation="x" * 10**6), "Unknown activation"),
    "a class that turns the text around": (layer(class_name="\u202eesneD\x1b[31m"), "\\u202eesneD\\x1b[31m"),
    "no finite rate": (
        compiled(optimizer=instance("keras.optimizers", "Adam", learning_rate=float("inf"))), "finite numbers"
    ),
    "an array of objects": (
        dense(kernel_initializer=instance("keras.initializers", "Constant", value={
            "class_name": "__numpy__", "config": {"value": ["x"], "dtype": "object"}})),
        "dtype",
    ),
    "a shape past all memory": (
        config(lambda data: data["config"]["layers"][0]["config"].update(batch_shape=[None, 2**62, 2**62])),
        "",
    ),
}  # fmt: skip

ATTACKS: dict[str, tuple[Change, str]] = {
    "bytecode of a lambda": (
        dense(activation={"class_name": "__lambda__", "config": {"code": "4wE=", "defaults": None,
                                                                 "closure": None}}),
        "safe_mode=False",
    ),
    "a switch for safe mode": (
        layer(class_name="Lambda", config={"function": {"class_name": "__lambda__", "config": {
            "code": "4wE=", "defaults": None, "closure": None}}, "safe_mode": False}),
        "",
    ),
    "os.system as an activation": (dense(activation=function("system", "os")), "system"),
    "eval as an activation": (dense(activation="eval"), "eval"),
    "a class of subprocess": (
        config(lambda data: data["config"]["layers"].append(
            instance("subprocess", "Popen", args=["touch", "marker"]))),
        "Popen",
    ),
    "a name that lies": (
        layer(module="os", class_name="Dense", registered_name="os>system"), "Dense",
    ),
    "a planted module": (
        layer(module="planted", class_name="Dense", registered_name="Dense"),
        "Unknown layer 'Dense' of the module 'planted'.\n",
    ),
    "a package like keras_hub": (layer(module="keras_planted.layers", class_name="Run"), "Run"),
    "a function as optimizer": (compiled(optimizer=function("system", "os")), "system"),
    "a module as loss": (compiled(loss=instance("os", "system", command="touch marker")), "system"),
    "a helper of the library": (
        config(lambda data: data["config"]["layers"].append(
            instance("keras.utils", "get_file", fname="x", origin="file:///etc/passwd"))),
        "get_file",
    ),
    "loading another model": (
        config(lambda data: data["config"]["layers"].append(
            instance("keras.saving", "load_model", filepath="/etc/passwd"))),
        "load_model",
    ),
    "setting the process": (compiled(metrics=[function("set_floatx", "keras.config")]), "set_floatx"),
    "a pickled torch module": (
        layer(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gASV"}), "Torch",
    ),
    "a SavedModel layer": (
        layer(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/etc"}), "TFSMLayer"
    ),
    **{f"words in a file for {name}": (
        layer(module="keras.layers", class_name=name, config={"vocabulary": "/etc/passwd"}), name
    ) for name in ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing")},
    "words in a file for a layer of ours": (
        layer(module="keras.layers", class_name="Embedding", config={
            "input_dim": 3, "output_dim": 3, "weights": "/etc/passwd", "name": "dense"}),
        "",
    ),
    "a link to a file": (kernel(lambda file: h5py.ExternalLink("/etc/hostname", "/x")), "a link"),
    "a link inside": (kernel(lambda file: h5py.SoftLink("/layers/dense_1/vars/0")), "a link"),
    "a virtual dataset": (kernel(virtual), "virtual"),
    "external storage": (
        kernel(lambda file: file.create_dataset(KERNEL, (3, 4), "f4", external=[("/etc/hostname", 0, 48)])
               and None),
        "external storage",
    ),
    "object references": (
        kernel(lambda file: file.create_dataset(KERNEL, data=file.ref, dtype=h5py.ref_dtype) and None),
        "references",
    ),
    "two gibibytes that are not there": (
        kernel(lambda file: file.create_dataset(KERNEL, (2**29,), "f4") and None), "2147483648",
    ),
    "more than all memory that is not there": (
        kernel(lambda file: file.create_dataset(KERNEL, (2**40, 2**40), "f4", chunks=(1, 1)) and None),
        "(1099511627776, 1099511627776)",
    ),
    "text of free length": (
        kernel(lambda file: file.create_dataset(KERNEL, data=["x"], dtype=h5py.string_dtype()) and None),
        "numbers",
    ),
    "a compressed dataset": (
        kernel(lambda file: file.create_dataset(KERNEL, data=np.zeros((2**22,), "f4"), compression="gzip")
               and None),
        "compressed",
    ),
    "a type of a million numbers": (
        kernel(lambda file: file.create_dataset(KERNEL, (1,), np.dtype(("f4", (2**20,)))) and None),
        "numbers",
    ),
    "a member outside": (put("../marker", b"x"), "named '../marker'"),
    "a member outside of assets": (put("assets/../../marker", b"x"), "named 'assets/../../marker'"),
    "an absolute member": (put("/tmp/marker", b"x"), "/tmp/marker"),
    "a member with backslashes": (put("assets\\..\\marker", b"x"), "named"),
    "a member of another kind": (put("setup.py", b"x"), "'setup.py'"),
    "a prefix trick": (put("assets-evil/x", b"x"), "assets-evil"),
    "a name with control characters": (put("assets/\x1b[31m", b"x"), "named"),
    "a million bytes of name": (put("assets/" + "x" * 60_000, b"x"), "named"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [*DAMAGE, *ATTACKS])
def test_a_bad_archive_is_refused(
    name: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, words = {**DAMAGE, **ATTACKS}[name]
    members = members_of(whole)
    change(members)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "planted.py").write_text("open('marker', 'w')")
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.syspath_prepend(str(tmp_path / "run"))

    message = refused(pack(tmp_path / "bad.keras", members), words)

    assert "\x1b" not in message
    assert not list(tmp_path.rglob("marker"))
    assert "root:" not in message


def test_lambdas_run_only_for_who_trusts_them(whole: Path, tmp_path: Path) -> None:
    members = members_of(whole)
    ATTACKS["bytecode of a lambda"][0](members)
    path = pack(tmp_path / "bad.keras", members)
    with pytest.raises(ValueError, match="safe_mode"):
        keras.saving.load_model(path, safe_mode=None)  # type: ignore[arg-type]
    message = refused(path)
    assert "could do anything" in message


# -- the zip file itself -----------------------------------------------------------------------------------


def test_two_configs_are_refused(whole: Path, tmp_path: Path) -> None:
    members = members_of(whole)
    path = tmp_path / "two.keras"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        for name in [*members, CONFIG]:
            archive.writestr(name, members[name])
    refused(path, "two members 'config.json'")


def test_links_and_encrypted_members_are_refused(whole: Path, tmp_path: Path) -> None:
    for name, words in (("link", "link or device"), ("locked", "encrypted")):
        path = tmp_path / f"{name}.keras"
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in members_of(whole).items():
                archive.writestr(member, data)
            info = zipfile.ZipInfo("assets/x")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if name == "link" else 0
            archive.writestr(info, b"/etc/passwd")
        if name == "locked":
            locked = bytearray(path.read_bytes())
            locked[locked.rindex(b"PK\1\2") + 8] |= 1
            path.write_bytes(locked)
        refused(path, words)


@pytest.mark.parametrize("name", [CONFIG, "metadata.json", WEIGHTS, "assets/vocabulary.txt"])
def test_a_bomb_is_refused_before_it_inflates(name: str, whole: Path, tmp_path: Path) -> None:
    members = {**members_of(whole), name: b" " * (64 * 2**20)}
    path = pack(tmp_path / "bomb.keras", members, zipfile.ZIP_DEFLATED)
    refused(path, "bomb", limit=20 * 2**20)


def test_a_large_config_is_refused(whole: Path, tmp_path: Path) -> None:
    members = {**members_of(whole), CONFIG: b" " * (33 * 2**20)}
    refused(pack(tmp_path / "large.keras", members), "33554432", limit=20 * 2**20)


def test_members_that_claim_other_sizes_are_refused(whole: Path, tmp_path: Path) -> None:
    data = bytearray(whole.read_bytes())
    place = data.rindex(b"PK\1\2", 0, data.rindex(WEIGHTS.encode()))
    for offset in (20, 24):  # the compressed and the plain size in the list of members
        changed = bytearray(data)
        changed[place + offset : place + offset + 4] = (2**30).to_bytes(4, "little")
        path = tmp_path / "sizes.keras"
        path.write_bytes(changed)
        refused(path, limit=20 * 2**20)
    changed = bytearray(data)
    for offset in (20, 24):
        size = int.from_bytes(data[place + offset : place + offset + 4], "little")
        changed[place + offset : place + offset + 4] = (size - 100).to_bytes(4, "little")
    path.write_bytes(changed)
    refused(path, "cannot be read")


def test_a_million_members_are_refused_without_reading_their_list(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60_000):
            archive.writestr(f"assets/{number:040d}", b"")
    refused(path, "list of its members", limit=20 * 2**20)


def test_bytes_around_the_archive_are_refused(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    for number, whole_or_part in enumerate(
        (b"PK\3\4" + data, data + b"more", data[:-1], data[:300], data[200:])
    ):
        path = tmp_path / f"around{number}.keras"
        path.write_bytes(whole_or_part)
        refused(path)


def test_nested_archives_are_refused(whole: Path, tmp_path: Path) -> None:
    refused(pack(tmp_path / "outer.keras", {"inner.keras": whole.read_bytes()}), "inner.keras")


# -- the path ----------------------------------------------------------------------------------------------


def test_paths_that_are_no_files_are_told_apart(tmp_path: Path, whole: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "device.keras").symlink_to("/dev/zero")
    (tmp_path / "empty.keras").touch()
    (tmp_path / "text.keras").write_text("hello" * 100)
    with pytest.raises(FileNotFoundError, match=r"no file .*missing\.keras"):
        keras.saving.load_model(tmp_path / "missing.keras")
    refused(tmp_path / "pipe.keras", "device or pipe")
    refused(tmp_path / "device.keras", "device or pipe")
    refused(tmp_path / "empty.keras", "empty")
    refused(tmp_path / "text.keras", "of another kind")
    with pytest.raises(ValueError, match="filepath"):
        keras.saving.load_model("a\0b.keras")
    with pytest.raises(ValueError, match="holds no model"):
        keras.saving.load_model(tmp_path)


# -- what is fine, or nearly -------------------------------------------------------------------------------


def test_an_archive_that_another_program_compressed_is_read(whole: Path, tmp_path: Path) -> None:
    path = pack(tmp_path / "packed.keras", members_of(whole), zipfile.ZIP_DEFLATED)
    x = np.ones((2, 3))
    expected = keras.saving.load_model(whole).predict(x, verbose=0)
    np.testing.assert_array_equal(keras.saving.load_model(path).predict(x, verbose=0), expected)


def test_weights_that_are_not_finite_are_told(whole: Path, tmp_path: Path) -> None:
    members = members_of(whole)
    kernel(lambda file: np.full((3, 4), np.nan, "f4"))(members)
    with pytest.warns(UserWarning, match="not finite"):
        keras.saving.load_model(pack(tmp_path / "nan.keras", members))


def test_loading_leaves_the_process_as_it_was(whole: Path) -> None:
    keras.utils.set_random_seed(3)
    expected = (random.random(), np.random.rand())
    keras.utils.set_random_seed(3)
    keras.saving.load_model(whole)
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.slow
def test_a_chain_of_many_layers_is_no_recursion(tmp_path: Path) -> None:
    tensor = inputs = keras.Input((1,))
    for _ in range(400):
        tensor = keras.layers.Activation("relu")(tensor)
    keras.Model(inputs, tensor).save(tmp_path / "chain.keras")
    assert len(keras.saving.load_model(tmp_path / "chain.keras").layers) == 401


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 4, 30))):
        changed[rng.randrange(len(data))] = rng.choice((0, 255, rng.randrange(256)))
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["the archive", CONFIG, WEIGHTS])
def test_any_flipped_byte_is_an_error_or_harmless(place: str, whole: Path, tmp_path: Path) -> None:
    rng, path, members = random.Random(0), tmp_path / "flipped.keras", members_of(whole)
    for _ in range(500):
        if place == "the archive":
            path.write_bytes(flipped(whole.read_bytes(), rng))
        else:  # with a checksum that fits, so that it does get read
            pack(path, {**members, place: flipped(members[place], rng)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                keras.saving.load_model(path)
            except (ValueError, OSError) as error:
                assert path.name in str(error)
