"""Hashes of texts that are the same on every machine and in every version.

FarmHash's Fingerprint64 (G. Pike, 2014), SipHash-2-4 (Aumasson, Bernstein 2012, "SipHash: a fast short-input
PRF"), and how TensorFlow joins two fingerprints to one.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from layerlab.layers.preprocessing.fingerprint import WORD, fingerprint64, rotate_right, shift_mix

__all__ = ["buckets", "joined_fingerprints", "siphash"]

_JOIN = 0xC6A4A7935BD1E995


def buckets(texts: Sequence[str], count: int, salt: Sequence[int] | None = None) -> np.ndarray:
    """The bucket of each text, from 0 to `count` - 1; a salt of two integers chooses SipHash."""
    found: dict[str, int] = {}
    for text in texts:
        if text not in found:
            data = text.encode()
            found[text] = (fingerprint64(data) if salt is None else siphash(data, salt)) % count
    return np.fromiter((found[text] for text in texts), "int64", len(texts))


def joined_fingerprints(first: int, second: int) -> int:
    """One fingerprint of two, which depends on their order."""
    mixed = (first ^ _JOIN) ^ (shift_mix(second * _JOIN & WORD) * _JOIN & WORD)
    return shift_mix(shift_mix(mixed * _JOIN & WORD) * _JOIN & WORD)


def siphash(data: bytes, key: Sequence[int]) -> int:
    """SipHash-2-4 under a key of two 64-bit integers."""
    k0, k1 = (part & WORD for part in key)
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    padded = data + bytes(-(len(data) + 1) % 8) + bytes((len(data) & 0xFF,))
    for (word,) in struct.iter_unpack("<Q", padded):
        a, b, c, d = state
        a, b, c, d = _rounds((a, b, c, d ^ word), 2)
        state = (a ^ word, b, c, d)
    a, b, c, d = state
    a, b, c, d = _rounds((a, b, c ^ 0xFF, d), 4)
    return a ^ b ^ c ^ d


def _rounds(state: tuple[int, int, int, int], count: int) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & WORD
        c = (c + d) & WORD
        b = rotate_right(b, 51) ^ a
        d = rotate_right(d, 48) ^ c
        a = rotate_right(a, 32)
        c = (c + b) & WORD
        a = (a + d) & WORD
        b = rotate_right(b, 47) ^ c
        d = rotate_right(d, 43) ^ a
        c = rotate_right(c, 32)
    return a, b, c, d
