"""Threads: no more than the processors that a container may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerlab.backend import processors


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    (tmp_path / "class" / "kernel").mkdir(parents=True)
    (tmp_path / "self").write_text("0::/class/kernel\n")
    return tmp_path


def found(groups: Path) -> float | None:
    return processors.quota(groups, groups / "self")


def test_there_is_no_quota_without_a_group(tmp_path: Path) -> None:
    assert processors.quota(tmp_path / "none", tmp_path / "none") is None


def test_the_smallest_quota_of_the_groups_around_a_process_holds(groups: Path) -> None:
    (groups / "class" / "kernel" / "cpu.max").write_text("max 100000\n")
    assert found(groups) is None
    (groups / "class" / "cpu.max").write_text("250000 100000\n")
    assert found(groups) == 2.5
    (groups / "class" / "kernel" / "cpu.max").write_text("50000 100000\n")
    assert found(groups) == 0.5


def test_the_older_form_of_groups_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "cpu" / "box"
    folder.mkdir(parents=True)
    (tmp_path / "self").write_text("3:memory:/box\n2:cpu,cpuacct:/box\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    assert found(tmp_path) is None
    (folder / "cpu.cfs_quota_us").write_text("150000\n")
    assert found(tmp_path) == 1.5


def test_files_that_cannot_be_read_are_no_limit(groups: Path) -> None:
    (groups / "cpu.max").write_text("many\n")
    assert found(groups) is None


_COUNT = """
import os, sys
from layerlab.backend import processors
processors.quota = lambda: 1.0
import layerlab
import numpy as np
layerlab.ops.matmul(np.ones((300, 300)), np.ones((300, 300)))
names = [open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")]
print(sys.modules["torch"].get_num_threads() if "torch" in sys.modules else names.count("tf_XLAEigen"))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux lists them")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_back_end_starts_no_more_threads_than_the_quota_has_processors(backend: str) -> None:
    dropped = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "XLA_FLAGS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    command = [sys.executable, "-c", _COUNT]
    printed = subprocess.check_output(command, env={**kept, "LAYERLAB_BACKEND": backend}, text=True)
    assert printed.split()[-1] == "1"
