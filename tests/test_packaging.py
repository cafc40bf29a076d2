"""What an installed layerlab declares about itself is so."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import layerlab

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_python_package_npm_package_and_module_have_one_version() -> None:
    npm = json.loads((ROOT / "package.json").read_text())["version"]
    assert PROJECT["version"] == npm == layerlab.__version__


def test_the_kernel_extension_is_found_as_a_front_end() -> None:
    entry_points = {
        entry.name: entry for entry in importlib.metadata.entry_points(group="layerlab.frontends")
    }
    frontend = entry_points["jupyter"].load()
    assert callable(frontend.watch) and callable(frontend.display)


def test_torch_is_pinned_so_that_no_newer_build_is_fetched() -> None:
    assert PROJECT["optional-dependencies"]["torch"] == ["torch==2.13.0"]


def test_each_make_command_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert described == set(phony.group(1).split())
