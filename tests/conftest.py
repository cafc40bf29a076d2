"""Set-up of all tests: the environment before anything is imported, back ends, markers."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys

# Before numpy, jax, torch or keras: each reads these once, at import.
os.environ["KERAS_BACKEND"] = "jax"  # the oracle; JAX_PLATFORMS stays as the machine has it
os.environ.pop("LAYERLAB_BACKEND", None)
os.environ["LAYERLAB_COMPILATION_CACHE"] = (
    "off"  # no test leaves files in the home folder, or lives on old ones
)
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")  # pytest-xdist brings the parallelism
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
# Nearly all of a test's time is compiling, of programs that run once: quick compiling is worth more.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: tests of Ctrl-C need it
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["benchmarks"]  # scripts for a quiet machine; `make bench` runs them
_MOST_BYTES = 2 * 2**30
MARKER_OF_FOLDER = {
    "acceptance": "acceptance",
    "backend": "gate",
    "browser": "browser",
    "notebooks": "notebook",
    "ops": "gate",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of some folders carry their marker without each having to say so."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            marker = MARKER_OF_FOLDER.get(item.path.relative_to(here).parts[0])
            if marker is not None:
                item.add_marker(marker)


@pytest.fixture(autouse=True)
def _narrow_jax() -> Iterator[None]:
    """A test that asks for 64-bit arrays switches them on for the process; Keras would trip over that."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None and jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", False)


@pytest.fixture(autouse=True, scope="module")
def _bounded_memory() -> Iterator[None]:
    """Thousands of compiled programs that run once would take many GB."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None and _resident_bytes() > _MOST_BYTES:
        jax.clear_caches()
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # glibc keeps freed memory otherwise


def _resident_bytes() -> int:
    """Of this process; 0 where Linux' /proc is not there."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


@pytest.fixture(params=["jax", "torch"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs once on each back end that trains, from seed 0 and with fresh automatic names."""
    from layerlab import config, utils  # not above: tests of an engine that cannot be imported run too

    config.set_backend(request.param)
    utils.clear_session(free_memory=False)
    utils.set_random_seed(0)
    yield request.param
    config.set_backend("jax")
    utils.clear_session(free_memory=False)
