"""Limits for gradients: by their norm, by the norm of all together, by value."""

from __future__ import annotations

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array

__all__ = ["clip", "clip_by_global_norm", "clip_by_norm", "clip_by_value"]


def clip(
    gradients: list[Array], norm: float | None, global_norm: float | None, value: float | None
) -> list[Array]:
    """The gradients within the one limit that is set; None and 0 are none."""
    if norm:
        return [clip_by_norm(gradient, norm) for gradient in gradients]
    if global_norm:
        return clip_by_global_norm(gradients, global_norm)
    if value:
        return [clip_by_value(gradient, value) for gradient in gradients]
    return gradients


def clip_by_norm(gradient: Array, largest: float) -> Array:
    """The gradient, shortened to the L2 norm `largest` if it is longer."""
    norm = backend().xp.sqrt(_squares(gradient))
    return gradient * largest / _at_least(norm, largest)


def clip_by_global_norm(gradients: list[Array], largest: float) -> list[Array]:
    """All gradients, shortened by one factor to the joint L2 norm `largest`; nan if any is not finite."""
    total = _squares(gradients[0])
    for gradient in gradients[1:]:
        total = total + _squares(gradient)
    norm = backend().xp.sqrt(total)
    factor = largest / _at_least(norm, largest) + (norm - norm)  # inf - inf: nan, so that it is noticed
    return [gradient * factor for gradient in gradients]


def clip_by_value(gradient: Array, largest: float) -> Array:
    """Each element between -largest and largest."""
    return backend().xp.clip(gradient, -largest, largest)


def _squares(x: Array) -> Array:
    return backend().xp.sum(x * x)


def _at_least(x: Array, least: float) -> Array:
    return backend().xp.where(x > least, x, least)
