"""Build the site of the documents into `build/docs/site`: guides, lessons with outputs, the reference.

`make docs` runs it. It needs no network. Exits with 1, and says where, if Sphinx warns, a link leads
nowhere, a page would load something from elsewhere, or a public name has no place.
`build/docs/external-links.txt` lists the links that lead out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from docs_site import guides, lessons, links, names, reference
from steps import ROOT, environment, seconds_since

BUILD = ROOT / "build" / "docs"
SOURCE, SITE = BUILD / "source", BUILD / "site"
OURS = Path(__file__).parent / "docs_site"


def main() -> int:
    start = time.monotonic()
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    guides.write(ROOT, SOURCE)
    lessons.write(ROOT / "notebooks", SOURCE / "lessons", BUILD / "lessons")
    reference.write(SOURCE / "reference")
    write_contents()
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "2", "-c", str(OURS)]
    if subprocess.run([*command, str(SOURCE), str(SITE)], cwd=ROOT, env=environment()).returncode:
        return 1
    return verdict(seconds_since(start))


def write_contents() -> None:
    """The contents of the site, which the home page holds and the sidebar shows."""
    pages = guides.pages(ROOT)
    pages["Reference"] = [f"reference/{path}" for path in reference.topic_paths()]
    order = ("Guides", "Lessons", "Reference", "Developers")
    home = SOURCE / "index.md"
    home.write_text(home.read_text() + "".join(toctree(caption, pages[caption]) for caption in order))


def toctree(caption: str, entries: list[str]) -> str:
    lines = ["", "```{toctree}", f":caption: {caption}", ":hidden:", "", *entries, "```", ""]
    return "\n".join(lines)


def verdict(took: str) -> int:
    """What the finished site lacks; 0 if nothing."""
    report = links.checked(SITE)
    (BUILD / "external-links.txt").write_text("".join(f"{url}\n" for url in sorted(report.outward)))
    places = {place for file in SITE.rglob("*.html") for place in links.places(file)}
    missing = [name for entry in names.entries() for name in entry.names if name not in places]
    problems = [*report.problems, *(f"public name on no page: {name}" for name in missing)]
    print(*problems, sep="\n", end="\n" if problems else "")
    pages = len(list(SITE.rglob("*.html")))
    print(f"docs: {pages} pages, {report.count} links, {len(problems)} problems, {took}")
    print(f"docs: open {(SITE / 'index.html').relative_to(ROOT)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
