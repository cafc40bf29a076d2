"""Fixtures: one JupyterLab server and one Chromium for the session, one page (`lab`) for each test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser.lab import PATIENCE, Lab
from tests.browser.server import LabServer, serve

# A patience, not a bound: what must come soon is timed by its test.
expect.set_options(timeout=PATIENCE * 1000)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = [
    "--no-sandbox",  # tests often run as root, in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def find_chromium(playwright: Playwright) -> str:
    """The browser that CHROMIUM names, else one on the path, else Playwright's own."""
    installed = [shutil.which(name) for name in NAMES]
    own = playwright.chromium.executable_path
    candidates = [os.environ.get("CHROMIUM"), *installed, own]
    found = next((path for path in candidates if path and Path(path).exists()), None)
    if found is None:
        # Not skipped: a suite that leaves the browser out must not look as if it had passed.
        pytest.fail(
            "The browser tests need Chromium or Chrome, and found none.\n"
            "  Fix: make test (installs it), or apt-get install chromium, or .venv/bin/playwright install "
            "chromium,\n       or name one: CHROMIUM=/path/to/chrome. Without them: make test-fast."
        )
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with serve(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def lab(chromium: Browser, lab_server: LabServer, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A fresh page (own cookies and storage); its kernels end with the test; a failure leaves a picture."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    lab = Lab(context.new_page(), lab_server)
    yield lab
    if getattr(request.node, "failed", False):
        lab.screenshot("failed-" + re.sub(r"\W+", "-", request.node.name))
    context.close()
    lab_server.shut_down_kernels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call" and report.failed:  # type: ignore[attr-defined]
        item.failed = True  # type: ignore[attr-defined]
    return report
