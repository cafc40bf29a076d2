"""Labels and predictions of which one is flat and the other has a last axis of 1."""

from __future__ import annotations

import numpy as np
import pytest

LABELS = np.array([1.0, 0.0, 1.0, 1.0], "float32")
OUTPUTS = np.array([0.8, 0.4, 0.1, 0.6], "float32")
MIXED = [
    pytest.param(LABELS, OUTPUTS[:, None], id="flat labels"),
    pytest.param(LABELS[:, None], OUTPUTS, id="flat predictions"),
]
