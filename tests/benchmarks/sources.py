"""Section `sources`: microseconds a batch of fit, evaluate and predict by where the batches come from."""

from __future__ import annotations

import tempfile

from tests.benchmarks.cases import BATCH
from tests.benchmarks.report import Options, at_least, at_most, print_row
from tests.benchmarks.timing import environment, in_own_process

__all__ = ["run"]

# Batches must not cost more than in Keras, nor much more than in the plainest loop over them.
_TARGETS = (1.0, 1.2)


def run(options: Options) -> bool:
    """Print the table, which is of the MLP only: what a batch costs apart from its step shows there best."""
    steps = [options.steps] if options.steps else []
    print_row(
        f"us a batch of {BATCH}",
        "",
        "layerlab",
        "Keras",
        "by hand",
        "batches",
        "Keras/layerlab",
        "layerlab/by hand",
    )
    for backend in options.backends:
        print(f"-- {backend}", flush=True)
        with tempfile.TemporaryDirectory() as home:
            found = in_own_process("feed", options.rounds, *steps, variables=environment(backend, home))
        for source, whats in found.items():
            for title, (what, times) in zip((source, "", ""), whats.items(), strict=True):
                ours, keras, hand, alone = (times[name] for name in ("layerlab", "keras", "hand", "batches"))
                least, most = _TARGETS
                print_row(
                    title,
                    what,
                    ours,
                    keras,
                    hand,
                    alone,
                    at_least(keras / ours, least),
                    at_most(ours / hand, most),
                )
    return True
