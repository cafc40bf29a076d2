"""Section `calls`: microseconds of one call on a batch, as someone makes who tries things; beside Keras."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.cases import BATCH, CASES, Case
from tests.benchmarks.report import Options, at_least, print_row
from tests.benchmarks.timing import alternate, environment, in_own_process

__all__ = ["run"]

_TARGET = 1.0  # of Keras' time by ours
_TIMES = 20  # calls a turn; of the fastest kind that is still several milliseconds
_TOLERANCE = 1e-4


def run(options: Options) -> bool:
    """Print the table; False if a case could not be measured."""
    is_complete = True
    print_row(f"us a call, batch of {BATCH}", "layerlab", "Keras", "Keras/layerlab")
    for backend in options.backends:
        print(f"-- {backend}")
        for case in options.cases:
            print(CASES[case].title)
            try:
                found = _measured(case, backend, options.rounds)
            except RuntimeError as error:  # the other cases are worth knowing
                is_complete = False
                print(f"  {error}", flush=True)
                continue
            for name, (ours, keras) in found.items():
                print_row(f"  {name}", ours, keras, at_least(keras / ours, _TARGET))
    return is_complete


def _measured(case: str, backend: str, rounds: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as home:
        return in_own_process("calls", case, rounds, variables=environment(backend, home))


def _calls(model: Any, to_numpy: Callable[[Any], np.ndarray], case: Case) -> dict[str, Callable[[], Any]]:
    x, y = (array[:BATCH] for array in case.data())
    return {
        "model(x)": lambda: to_numpy(model(x)),
        "predict(x)": lambda: model.predict(x, verbose=0),
        "predict_on_batch(x)": lambda: model.predict_on_batch(x),
        "evaluate(x, y)": lambda: model.evaluate(x, y, verbose=0),
        "test_on_batch(x, y)": lambda: model.test_on_batch(x, y),
        "train_on_batch(x, y)": lambda: model.train_on_batch(x, y),
        "fit(x, y)": lambda: model.fit(x, y, verbose=0),
    }


def _repeated(call: Callable[[], Any]) -> Callable[[], None]:
    def turn() -> None:
        for _ in range(_TIMES):
            call()

    return turn


def main() -> None:
    # In the process that is measured only: the environment says which back end.
    import keras  # type: ignore[import-untyped]

    import layerlab

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("rounds", type=int)
    chosen = parser.parse_args()
    case = CASES[chosen.case]
    layerlab.utils.set_random_seed(0)
    models = [case.compiled(library) for library in (layerlab, keras)]
    models[1].set_weights(models[0].get_weights())
    calls = [
        _calls(model, library.ops.convert_to_numpy, case)
        for model, library in zip(models, (layerlab, keras), strict=True)
    ]
    for name in ("model(x)", "predict(x)", "predict_on_batch(x)"):
        ours, theirs = (each[name]() for each in calls)
        np.testing.assert_allclose(ours, theirs, rtol=_TOLERANCE, atol=_TOLERANCE)
    found = {}
    for name in calls[0]:
        turns = {str(number): _repeated(each[name]) for number, each in enumerate(calls)}
        found[name] = [seconds / _TIMES * 1e6 for seconds in alternate(turns, chosen.rounds).values()]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
