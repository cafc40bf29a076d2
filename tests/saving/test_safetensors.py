"""The safetensors format: exactly as described, and nothing else is accepted."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import layerlab as keras
from tests.saving.models import MODELS, data
from tests.training.models import same_state, state_of


def write(path: Path, header: Any, body: bytes) -> Path:
    """A file by hand, as the format's description says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def dense(name: str = "d") -> Any:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name=name)], name="s")


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def good(path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and bytes of the weights of `dense`: kernel [[1], [2]], bias [3]."""
    body = np.array([1, 2, 3], "<f4").tobytes()
    return {"s/d/kernel": entry("F32", [2, 1], 0, 8), "s/d/bias": entry("F32", [1], 8, 12)}, body


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_copy_predicts_the_same_whatever_its_layers_are_called(
    backend: str, name: str, tmp_path: Path
) -> None:
    x, _ = data(name)
    model, copy = MODELS[name](keras), MODELS[name](keras)
    model.save_weights(tmp_path / "w.safetensors")

    copy.load_weights(tmp_path / "w.safetensors")

    np.testing.assert_array_equal(copy.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    model = dense()
    model.set_weights([np.array([[1.0], [2.0]]), np.array([3.0])])
    model.save_weights(tmp_path / "w.safetensors")

    raw = (tmp_path / "w.safetensors").read_bytes()

    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    assert length % 8 == 0 and header.pop("__metadata__") == {"format": "layerlab"}
    assert {name: (item["dtype"], item["shape"]) for name, item in header.items()} == {
        "s/d/kernel": ("F32", [2, 1]),
        "s/d/bias": ("F32", [1]),
    }
    assert raw[8 + length :] == np.array([1, 2, 3], "<f4").tobytes()


def test_files_of_others_are_matched_by_name(tmp_path: Path) -> None:
    header, body = good(tmp_path)
    model = dense()
    model.load_weights(write(tmp_path / "w.safetensors", dict(reversed(header.items())), body))
    np.testing.assert_array_equal(model.get_weights()[0], [[1], [2]])
    np.testing.assert_array_equal(model.get_weights()[1], [3])
    with pytest.raises(ValueError, match="no weights for 's/other/kernel'"):
        dense("other").load_weights(tmp_path / "w.safetensors")


def test_half_precision_keeps_its_bits(tmp_path: Path) -> None:
    for dtype in ("bfloat16", "float16"):
        model = keras.Sequential([keras.Input((2,), dtype=dtype), keras.layers.Dense(1, dtype=dtype)])
        before = model.get_weights()
        model.save_weights(tmp_path / "w.safetensors")
        model.set_weights([np.zeros_like(weight) for weight in before])
        model.load_weights(tmp_path / "w.safetensors")
        np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert np.dtype(ml_dtypes.bfloat16).itemsize == 2


def test_skip_mismatch_leaves_out_layers_with_a_warning_each(tmp_path: Path) -> None:
    def two(units: int) -> Any:
        layers = [keras.layers.Dense(2, name="a"), keras.layers.Dense(units, name="b")]
        return keras.Sequential([keras.Input((2,)), *layers], name="s")

    source, target = two(2), two(3)
    source.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"w\.safetensors: (.|\n)*b/kernel"):
        target.load_weights(tmp_path / "w.safetensors")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        target.load_weights(tmp_path / "w.safetensors", skip_mismatch=True)
    assert ["Left out" in str(warning.message) for warning in caught] == [True]
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])


K, B = entry("F32", [2, 1], 0, 8), entry("F32", [1], 8, 12)
BAD: dict[str, Any] = {
    "a header longer than the file": b"\xff" * 7 + b"\x00{}",
    "an empty file": b"",
    "a short file": b"\x02\x00",
    "no JSON": (b"{'a': 1}", 12),
    "a list": (b"[]", 12),
    "deep JSON": (b'{"a":' * 10_000, 12),
    "a name twice": (b'{"a":1,"a":2}', 12),
    "an unknown dtype": ({"s/d/kernel": K, "s/d/bias": {**B, "dtype": "O"}}, 12),
    "a dtype that is no text": ({"s/d/kernel": K, "s/d/bias": {**B, "dtype": ["F32"]}}, 12),
    "a negative size": ({"s/d/kernel": K, "s/d/bias": {**B, "shape": [-1]}}, 12),
    "a size that is no integer": ({"s/d/kernel": K, "s/d/bias": {**B, "shape": [1.0]}}, 12),
    "a huge size": ({"s/d/kernel": K, "s/d/bias": entry("F32", [2**61, 2**61], 8, 12)}, 12),
    "offsets that end too late": ({"s/d/kernel": K, "s/d/bias": entry("F32", [2], 8, 16)}, 12),
    "offsets in the wrong order": ({"s/d/kernel": K, "s/d/bias": entry("F32", [1], 12, 8)}, 12),
    "offsets that do not fit the shape": ({"s/d/kernel": K, "s/d/bias": entry("F32", [2], 8, 12)}, 12),
    "an overlap": ({"s/d/kernel": K, "s/d/bias": entry("F32", [1], 4, 8)}, 8),
    "a gap": ({"s/d/kernel": K, "s/d/bias": entry("F32", [1], 12, 16)}, 16),
    "bytes at the end": ({"s/d/kernel": K, "s/d/bias": B}, 13),
    "a missing end": ({"s/d/kernel": K, "s/d/bias": B}, 11),
    "a further key": ({"s/d/kernel": K, "s/d/bias": {**B, "path": "/etc/passwd"}}, 12),
    "metadata that is no text": ({"__metadata__": {"a": 1}, "s/d/kernel": K, "s/d/bias": B}, 12),
    "another shape": ({"s/d/kernel": entry("F32", [1, 2], 0, 8), "s/d/bias": B}, 12),
    "a missing weight": ({"s/d/kernel": K}, 8),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_the_model_stays(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    if isinstance(BAD[name], bytes):
        path.write_bytes(BAD[name])
    else:
        header, size = BAD[name]
        write(path, header, bytes(size))
    model = dense()
    before = state_of(model)

    with pytest.raises(ValueError, match=r"^bad\.safetensors: ") as caught:
        model.load_weights(path)

    assert len(str(caught.value)) < 600
    assert same_state(before, state_of(model))


@pytest.mark.slow
def test_flipped_bytes_give_weights_or_a_clear_error(tmp_path: Path) -> None:
    header, body = good(tmp_path)
    raw = write(tmp_path / "w.safetensors", header, body).read_bytes()
    rng = np.random.default_rng(0)
    model = dense()
    for _ in range(200):
        damaged = bytearray(raw)
        for place in rng.integers(0, len(raw), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        (tmp_path / "w.safetensors").write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model.load_weights(tmp_path / "w.safetensors")
            except ValueError as error:
                assert "w.safetensors" in str(error)
