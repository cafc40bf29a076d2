"""All benchmarks, or those that are named: `python -m tests.benchmarks fit --case mlp --backend jax`.

They need a quiet machine. What each measures is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks import calls, fit, imports, memory, monitor, sources, start
from tests.benchmarks.cases import CASES
from tests.benchmarks.report import Options, facts, load

SECTIONS = {
    "fit": fit,
    "sources": sources,
    "calls": calls,
    "start": start,
    "import": imports,
    "memory": memory,
    "monitor": monitor,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", choices=[*SECTIONS, []], metavar="section", help=", ".join(SECTIONS)
    )
    parser.add_argument("--case", action="append", choices=CASES, help="can be repeated; default: all")
    parser.add_argument("--backend", action="append", choices=("jax", "torch"), help="likewise")
    parser.add_argument("--rounds", type=int, default=5, help="that count; the median is reported")
    parser.add_argument("--steps", type=int, help="batches an epoch, for a quick look")
    chosen = parser.parse_args()
    options = Options(
        chosen.case or list(CASES), chosen.backend or ["jax", "torch"], chosen.rounds, chosen.steps
    )
    print(facts())
    failed = False
    for name in chosen.sections or SECTIONS:
        print(f"\n== {name}: {(SECTIONS[name].__doc__ or '').partition(': ')[2]}   [{load()}]", flush=True)
        failed |= not SECTIONS[name].run(options)
    print(f"\nat the end: {load()}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
