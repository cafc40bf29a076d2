"""Section `import`: milliseconds of `import layerlab` beside `import jax` and `import keras`."""

from __future__ import annotations

import json
import statistics
import tempfile

from tests.benchmarks.report import Options, at_most, print_row
from tests.benchmarks.timing import environment, python

__all__ = ["run"]

_TARGET = 1.3
_ROUNDS = 9
_LATER = (
    "torch",
    "keras",
    "tensorflow",
    "plotly",
    "IPython",
    "ipywidgets",
    "anywidget",
    "matplotlib",
    "pandas",
)
_CODE = """
import json, sys, time
start = time.perf_counter()
import {name}
seconds = time.perf_counter() - start
print(json.dumps([seconds, [name for name in {later!r} if name in sys.modules]]))
"""


def run(options: Options) -> bool:
    """Print the table; False if `import layerlab` brings a library that only some need."""
    seconds: dict[str, list[float]] = {"layerlab": [], "jax": [], "keras": []}
    brought: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as home:
        for round_number in range(_ROUNDS + 1):
            for name in list(seconds)[:: 1 if round_number % 2 else -1]:
                code = _CODE.format(name=name, later=_LATER)
                took, brought[name] = json.loads(python("-c", code, variables=environment("jax", home)))
                seconds[name].append(took)
    ours, jax, keras = (statistics.median(values[1:]) * 1e3 for values in seconds.values())
    print_row("milliseconds", "layerlab", "jax", "Keras", "layerlab/jax")
    print_row("import", ours, jax, keras, at_most(ours / jax, _TARGET))
    print(
        f"   imported with layerlab, though only some need it: {', '.join(brought['layerlab']) or 'nothing'}"
    )
    return not brought["layerlab"]
