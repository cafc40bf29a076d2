"""Everything about the code that can be judged without running it; all checks run, then the verdict.

`check.py` exits with 1 if any check failed. Fix formatting with `make format`.
"""

from __future__ import annotations

import sys
import time

from steps import VENV, run_quietly, seconds_since

# name, command, and what to do when it fails
CHECKS: list[tuple[str, list[str], str]] = [
    ("ruff", [f"{VENV}/ruff", "check", "--quiet", "."], "make format mends most of it"),
    ("format", [f"{VENV}/ruff", "format", "--check", "--quiet", "."], "make format"),
    ("mypy", [f"{VENV}/mypy", "--no-error-summary"], "give the named places their types"),
    (
        "architecture",
        [f"{VENV}/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_architecture.py"],
        "the message names the import that goes the wrong way; the rules are in docs/architecture.md",
    ),
    (
        "documents",
        [f"{VENV}/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_prose.py"],
        "88 columns of prose, and names in backticks that exist: mend the document that is named",
    ),
    (
        "TypeScript is current",
        [f"{VENV}/python", "scripts/generate_typescript.py", "--check"],
        f"{VENV}/python scripts/generate_typescript.py, and commit what it wrote in labextension/src",
    ),
    ("biome", ["npm", "run", "--silent", "lint"], "make format mends most of it"),
    ("tsc", ["npx", "--no-install", "tsc", "--noEmit"], "the types of labextension/src do not fit"),
]


def main() -> int:
    failed = []
    for name, command, fix in CHECKS:
        start = time.monotonic()
        status, log = run_quietly(command, f"check-{name.replace(' ', '-')}")
        print(f"check: {name:<20} {'ok' if status == 0 else 'FAILED':<7} {seconds_since(start)}", flush=True)
        if status != 0:
            failed.append(name)
            print(f"{log.read_text(errors='replace')}\n  Fix: {fix}\n", flush=True)
    print(f"checks: {len(CHECKS) - len(failed)} of {len(CHECKS)} ok", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
