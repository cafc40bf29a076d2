"""Section `memory`: peak memory of a process that fits the MLP on 400 MB of NumPy arrays, in MB."""

from __future__ import annotations

import tempfile

from tests.benchmarks.report import Options, at_most, print_row
from tests.benchmarks.timing import environment, in_own_process

__all__ = ["run"]

_TARGET = 1.0


def run(options: Options) -> bool:
    """Print the table."""
    print_row("MB", "layerlab", "Keras", "+ by fit", "+ by fit", "layerlab/Keras")
    for backend in options.backends:
        with tempfile.TemporaryDirectory() as home:
            variables = environment(backend, home)
            ours, keras = (
                in_own_process("peak", name, variables=variables) for name in ("layerlab", "keras")
            )
        added = [found["peak"] - found["before"] for found in (ours, keras)]
        print_row(
            backend, ours["peak"], keras["peak"], *added, at_most(ours["peak"] / keras["peak"], _TARGET)
        )
    return True
