"""What Keras gives for every case, computed in a process of its own on Keras' NumPy back end.

In a process of its own because Keras has one back end per process; on NumPy because that needs no compilation
(JAX would take minutes) and is a third implementation. Run as `python -m tests.ops.oracle FILE`.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from tests.ops.cases import CASES, Case

# Keras on JAX has no 64-bit numbers; on NumPy some of its ops have.
_NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32"}


def main(path: Path) -> None:
    """Write the results, in the order of CASES, to a file; an error as its text."""
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras  # after the choice of the back end

    def result(case: Case) -> Any:
        function = case.oracle or getattr(keras.ops, case.name)
        try:
            return _plain(function(*case.args, **case.kwargs))
        except Exception:
            return traceback.format_exc()

    with np.errstate(all="ignore"):
        path.write_bytes(pickle.dumps([result(case) for case in CASES]))


def _plain(value: Any) -> Any:
    """Lists of arrays, whatever kind of sequence it was."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None:
        return None
    array = np.asarray(value)
    return array.astype(_NARROW.get(array.dtype.name, array.dtype))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
