"""Section `fit`: microseconds a step of fit and a batch of predict, beside Keras and beside loops by hand."""

from __future__ import annotations

import tempfile
from typing import Any

from tests.benchmarks.cases import BATCH, CASES
from tests.benchmarks.report import Options, at_least, at_most, print_row
from tests.benchmarks.timing import environment, in_own_process

__all__ = ["run"]

# Of fit: Keras' time by ours at least, and ours by that of the loop by hand at most.
_TARGETS = {
    ("mlp", "jax"): (2.5, 1.15),
    ("cnn", "jax"): (2.5, 1.15),
    ("transformer", "jax"): (2.5, 1.2),
    ("lstm", "jax"): (1.2, 1.15),
    ("mlp", "torch"): (4.0, 1.2),
    ("cnn", "torch"): (2.2, 1.15),
    ("lstm", "torch"): (4.0, 1.2),
    ("transformer", "torch"): (1.5, 1.2),
}
_PREDICT_TARGET = (2.0, 1.2)


def run(options: Options) -> bool:
    """Print the table; False if a case could not be measured."""
    is_complete = True
    print_row(
        f"us a batch of {BATCH}",
        "",
        "layerlab",
        "Keras",
        "by hand",
        "Keras/layerlab",
        "layerlab/by hand",
        "form",
    )
    for backend in options.backends:
        print(f"-- {backend}")
        for case in options.cases:
            try:
                _print_case(case, backend, _race(case, backend, options))
            except RuntimeError as error:  # the other cases are worth knowing
                is_complete = False
                print(f"{CASES[case].title}: {error}", flush=True)
    return is_complete


def _race(case: str, backend: str, options: Options) -> dict[str, Any]:
    steps = [options.steps] if options.steps else []
    with tempfile.TemporaryDirectory() as home:
        return in_own_process("race", case, options.rounds, *steps, variables=environment(backend, home))


def _print_case(case: str, backend: str, found: dict[str, Any]) -> None:
    for what, targets in (("fit", _TARGETS.get((case, backend))), ("predict", _PREDICT_TARGET)):
        times = dict(found[what])
        ours, keras = times.pop("layerlab"), times.pop("keras")
        form, hand = min(times.items(), key=lambda item: item[1])
        least, most = targets or (None, None)
        title = CASES[case].title if what == "fit" else ""
        print_row(
            title, what, ours, keras, hand, at_least(keras / ours, least), at_most(ours / hand, most), form
        )
    print(
        f"   {found['parameters']:,} parameters; losses and outputs agree to {found['difference']:.0e}",
        flush=True,
    )
