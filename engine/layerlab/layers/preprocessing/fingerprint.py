"""FarmHash's Fingerprint64: a hash of bytes that is fixed for good.

Source: G. Pike, FarmHash 1.1, `farmhashna`, which CityHash's constants and lengths come from.
"""

from __future__ import annotations

import struct

__all__ = ["WORD", "fingerprint64", "rotate_right", "shift_mix"]

WORD = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_read8 = struct.Struct("<Q").unpack_from
_read4 = struct.Struct("<I").unpack_from


def fingerprint64(data: bytes) -> int:
    """The hash, from 0 to 2**64 - 1."""
    size = len(data)
    if size <= 16:
        return _up_to_16(data, size)
    if size <= 32:
        return _up_to_32(data, size)
    return _up_to_64(data, size) if size <= 64 else _long(data, size)


def rotate_right(value: int, bits: int) -> int:
    """64 bits turned to the right."""
    return ((value >> bits) | (value << (64 - bits))) & WORD


def shift_mix(value: int) -> int:
    """The upper bits mixed into the lower ones."""
    return value ^ (value >> 47)


def _word(data: bytes, at: int) -> int:
    return int(_read8(data, at)[0])


def _pair(first: int, second: int, factor: int) -> int:
    mixed = shift_mix(((first ^ second) & WORD) * factor & WORD)
    return shift_mix(((second ^ mixed) & WORD) * factor & WORD) * factor & WORD


def _up_to_16(data: bytes, size: int) -> int:
    factor = (_K2 + 2 * size) & WORD
    if size >= 8:
        a, b = (_word(data, 0) + _K2) & WORD, _word(data, size - 8)
        c = (rotate_right(b, 37) * factor + a) & WORD
        return _pair(c, (rotate_right(a, 25) + b) * factor & WORD, factor)
    if size >= 4:
        return _pair(size + (_read4(data, 0)[0] << 3), _read4(data, size - 4)[0], factor)
    if size:
        low, high = data[0] + (data[size >> 1] << 8), size + (data[-1] << 2)
        return shift_mix((low * _K2 & WORD) ^ (high * _K0 & WORD)) * _K2 & WORD
    return _K2


def _ends(data: bytes, size: int, first_factor: int) -> tuple[int, int, int, int]:
    """Two sums of the first and last 16 bytes, with the first word and the factor of the length."""
    factor = (_K2 + 2 * size) & WORD
    a, b = _word(data, 0) * first_factor & WORD, _word(data, 8)
    c, d = _word(data, size - 8) * factor & WORD, _word(data, size - 16) * _K2 & WORD
    first = (rotate_right((a + b) & WORD, 43) + rotate_right(c, 30) + d) & WORD
    return first, (a + rotate_right((b + _K2) & WORD, 18) + c) & WORD, a, factor


def _up_to_32(data: bytes, size: int) -> int:
    first, second, _, factor = _ends(data, size, _K1)
    return _pair(first, second, factor)


def _up_to_64(data: bytes, size: int) -> int:
    y, second, a, factor = _ends(data, size, _K2)
    z = _pair(y, second, factor)
    e, f = _word(data, 16) * factor & WORD, _word(data, 24)
    g = (y + _word(data, size - 32)) * factor & WORD
    h = (z + _word(data, size - 24)) * factor & WORD
    first = (rotate_right((e + f) & WORD, 43) + rotate_right(g, 30) + h) & WORD
    return _pair(first, (e + rotate_right((f + a) & WORD, 18) + g) & WORD, factor)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes into two words."""
    w, x, y, z = (_word(data, at + step) for step in (0, 8, 16, 24))
    a = (a + w) & WORD
    b = rotate_right((b + a + z) & WORD, 21)
    total = (a + x + y) & WORD
    return (total + z) & WORD, (b + rotate_right(total, 44) + a) & WORD


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _block(data: bytes, at: int, state: _State, factor: int, scale: int) -> _State:
    """64 bytes into the state."""
    x, y, z, v, w = state
    x = rotate_right((x + y + v[0] + _word(data, at + 8)) & WORD, 37) * factor & WORD
    y = rotate_right((y + v[1] + _word(data, at + 48)) & WORD, 42) * factor & WORD
    x ^= w[1] * scale & WORD
    y = (y + v[0] * scale + _word(data, at + 40)) & WORD
    z = rotate_right((z + w[0]) & WORD, 33) * factor & WORD
    v = _weak(data, at, v[1] * factor & WORD, (x + w[0]) & WORD)
    w = _weak(data, at + 32, (z + w[1]) & WORD, (y + _word(data, at + 16)) & WORD)
    return z, y, x, v, w


def _long(data: bytes, size: int) -> int:
    seed = 81
    y = (seed * _K1 + 113) & WORD
    z = shift_mix((y * _K2 + 113) & WORD) * _K2 & WORD
    state: _State = ((seed * _K2 + _word(data, 0)) & WORD, y, z, (0, 0), (0, 0))
    for at in range(0, (size - 1) // 64 * 64, 64):
        state = _block(data, at, state, _K1, 1)
    x, y, z, v, w = state
    factor = (_K1 + ((z & 0xFF) << 1)) & WORD
    first = (w[0] + ((size - 1) & 63)) & WORD
    v = ((v[0] + first) & WORD, v[1])
    w = ((first + v[0]) & WORD, w[1])
    x, y, z, v, w = _block(data, size - 64, (x, y, z, v, w), factor, 9)
    left = (_pair(v[0], w[0], factor) + shift_mix(y) * _K0 + z) & WORD
    return _pair(left, (_pair(v[1], w[1], factor) + x) & WORD, factor)
