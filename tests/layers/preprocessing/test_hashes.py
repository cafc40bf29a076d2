"""Hashes against published values: of FarmHash, as BigQuery and Guava print them, and of SipHash's paper."""

from __future__ import annotations

import pytest

from layerlab.layers.preprocessing.fingerprint import fingerprint64
from layerlab.layers.preprocessing.hashes import buckets, joined_fingerprints, siphash

MODULUS = 2**64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3true", -4880158226897771312),  # BigQuery, FARM_FINGERPRINT
        ("1footrue", -1541654101129638711),
        ("2applefalse", 2794438866806483259),
        ("test", 8581389452482819506),  # Guava, FarmHashFingerprint64Test
        ("test" * 8, -4196240717365766262),
        ("test" * 64, 3500507768004279527),
    ],
)
def test_fingerprints_are_those_published(text: str, expected: int) -> None:
    assert fingerprint64(text.encode()) == expected % MODULUS


def test_siphash_is_that_of_its_paper() -> None:
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5


def test_buckets_are_those_in_the_documentation_of_keras() -> None:
    assert buckets(list("ABCDE"), 3).tolist() == [1, 0, 1, 1, 2]
    assert buckets(list("ABCDE"), 3, (133, 137)).tolist() == [1, 2, 1, 0, 2]
    assert buckets(list("ABCDE"), 3, (133, 133)).tolist() == [0, 0, 2, 1, 0]


def test_fingerprints_are_joined_as_tensorflow_does() -> None:
    first = [joined_fingerprints(0xDECAFCAFFE, fingerprint64(text.encode())) for text in "ABABA"]
    joined = [
        joined_fingerprints(h, number) for h, number in zip(first, [101, 101, 101, 102, 102], strict=True)
    ]
    assert [value % 5 for value in joined] == [1, 4, 1, 1, 3]
