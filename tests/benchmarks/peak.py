"""fit of the MLP on 400 MB of data. Run by `memory.py`; prints JSON of the process' peak memory, in MB."""

from __future__ import annotations

import importlib
import json
import resource
import sys

import numpy as np

from tests.benchmarks.cases import BATCH, CASES

_SAMPLES = 128_000  # x 784 x 4 bytes


def main() -> None:
    library = importlib.import_module(sys.argv[1])
    random = np.random.default_rng(0)
    x = np.empty((_SAMPLES, 784), "float32")
    random.standard_normal(out=x, dtype="float32")
    y = random.integers(0, 10, _SAMPLES, dtype="int32")
    before = _peak()
    CASES["mlp"].compiled(library).fit(x, y, batch_size=BATCH, verbose=0)
    print(json.dumps({"data": x.nbytes / 1e6, "before": before, "peak": _peak()}))


def _peak() -> float:
    """The most memory that this process had so far; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
