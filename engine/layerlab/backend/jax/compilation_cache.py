"""Compiled programs on disk, so that the first `fit` after a restart of the kernel does not compile again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from pathlib import Path

import jax
import jaxlib

from layerlab.settings import home, settings

__all__ = ["use_compilation_cache"]

_MOST_BYTES = 2 * 2**30  # the programs used longest ago are deleted beyond that
_LEAST_SECONDS = 0.2  # what compiles faster is not worth a file


def use_compilation_cache() -> None:
    """Let JAX keep its programs in the settings folder, unless that is switched off or already decided.

    Kernels may share the folder: JAX locks it, and compiles again what it cannot read.
    """
    if settings.compilation_cache == "off" or jax.config.jax_compilation_cache_dir is not None:
        return
    folder = home() / "cache" / f"jax-{jaxlib.__version__}-{_machine()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that cannot be written to: nothing is lost but time
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", _MOST_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _LEAST_SECONDS)


def _machine() -> str:
    """A name for this kind of processor: a program made for another may use instructions that it lacks."""
    features = platform.machine() + platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        features += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(features.encode()).hexdigest()[:12]
