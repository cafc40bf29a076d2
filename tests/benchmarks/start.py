"""Section `start`: seconds from an imported library to the end of a first, short fit, on JAX.

Each measurement is a process of its own. layerlab keeps compiled programs by itself, Keras does not; its
time with JAX's own cache switched on is told beside.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.report import Options, at_most, print_row
from tests.benchmarks.timing import environment, in_own_process

__all__ = ["run"]

# Case: rounds at most, and ours by Keras' time at most, with an empty cache and with a filled one.
_CASES: dict[str, tuple[int, float | None, float | None]] = {
    "mlp": (9, None, 0.4),
    "cnn": (5, None, 0.4),
    "resnet50": (2, 0.6, None),
}
_JAX_CACHE = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_ENABLE_COMPILATION_CACHE": "true"}


def run(options: Options) -> bool:
    """Print the table."""
    print_row(
        "build + fit, seconds",
        "cold",
        "warm",
        "Keras",
        "cached",
        "layerlab cold/Keras",
        "layerlab warm/Keras",
    )
    for case, (most_rounds, cold_target, warm_target) in _CASES.items():
        took = _measured(case, min(options.rounds, most_rounds))
        cold, warm, keras, cached = (f"{took[name]:.2f}" for name in ("cold", "warm", "keras", "cached"))
        print_row(
            case,
            cold,
            warm,
            keras,
            cached,
            at_most(took["cold"] / took["keras"], cold_target),
            at_most(took["warm"] / took["keras"], warm_target),
        )
    print("   'cached': Keras with JAX's own persistent cache switched on, and filled")
    return True


def _measured(case: str, rounds: int) -> dict[str, float]:
    """Median seconds of building and the first fit."""
    seconds: dict[str, list[float]] = {"cold": [], "warm": [], "keras": [], "cached": []}
    with tempfile.TemporaryDirectory() as folder:
        cached = {**_JAX_CACHE, "JAX_COMPILATION_CACHE_DIR": f"{folder}/jax"}
        _seconds("keras", case, folder, cached)  # fills the cache
        for round_number in range(rounds):
            home = str(Path(folder) / str(round_number))
            turns = [
                ("cold", "layerlab", {}),
                ("warm", "layerlab", {}),  # after "cold": by what that left
                ("keras", "keras", {}),
                ("cached", "keras", cached),
            ]
            for name, library, variables in turns if round_number % 2 else turns[2:] + turns[:2]:
                seconds[name].append(_seconds(library, case, home, variables))
    return {name: statistics.median(values) for name, values in seconds.items()}


def _seconds(library: str, case: str, home: str, variables: dict[str, str]) -> float:
    found = in_own_process("first_fit", library, case, variables=environment("jax", home) | variables)
    return float(found["build"] + found["fit"])
