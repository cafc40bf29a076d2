"""The documents of the repository as pages of the site: copied, with links to where the pages are now."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

# The documents that come first, in this order; others of the folder follow by name.
ORDER = ["getting-started", "saving-and-keras", "steering", "jupyterlab", "data", "callbacks", "performance"]
DEVELOPERS = ["CONTRIBUTING.md", "docs/architecture.md", "CHANGELOG.md", "SECURITY.md"]
DECISIONS = "docs/decisions"
HOME = "docs/index.md"

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_SECTION = re.compile(r"<!-- README: (.+?) -->")


def write(root: Path, target: Path) -> None:
    """Write all documents and pictures of the repository into the folder of the site's sources.

    Args:
        root: folder of the repository.
        target: where Sphinx reads.
    """
    places = {root / old: new for old, new in _places(root).items()}
    for old, new in places.items():
        file = target / new
        file.parent.mkdir(parents=True, exist_ok=True)
        if old.is_dir():
            file.write_text(_list_of_decisions(old))
        elif old.suffix == ".md":
            file.write_text(_page(old, root, places))
        elif old.suffix != ".ipynb":  # those are executed
            shutil.copyfile(old, file)


def pages(root: Path) -> dict[str, list[str]]:
    """The names of the guides, lessons and documents for developers, in order, without suffix."""
    found = [Path(new) for new in _places(root).values()]
    names = [str(path.with_suffix("")) for path in found if path.suffix in (".md", ".ipynb")]
    return {
        "Guides": [name for name in names if name.startswith("guides/")],
        "Lessons": [name for name in names if name.startswith("lessons/")],
        "Developers": [name for name in names if name.count("/") == 1 and name.startswith("developers/")],
    }


def _places(root: Path) -> dict[str, str]:
    """Where each document goes: its path in the repository, and in the site."""
    own = {HOME, *DEVELOPERS}
    guides = [path.stem for path in sorted((root / "docs").glob("*.md")) if f"docs/{path.name}" not in own]
    first = [name for name in ORDER if name in guides]
    places = {HOME: "index.md"}
    places |= {f"docs/{name}.md": f"guides/{name}.md" for name in dict.fromkeys([*first, *guides])}
    places |= {
        f"notebooks/{path.name}": f"lessons/{path.name}" for path in sorted(root.glob("notebooks/*.ipynb"))
    }
    places |= {name: f"developers/{Path(name).name.lower()}" for name in DEVELOPERS}
    places[DECISIONS] = "developers/decisions.md"
    for folder, new in ((DECISIONS, "developers/decisions"), ("docs/images", "images")):
        places |= {
            f"{folder}/{path.name}": f"{new}/{path.name}" for path in sorted((root / folder).iterdir())
        }
    return places


def _list_of_decisions(folder: Path) -> str:
    names = "".join(f"decisions/{file.stem}\n" for file in sorted(folder.glob("*.md")))
    title = "# Decisions\n\nWhy things are as they are, a page for each.\n"
    return f"{title}\n```{{toctree}}\n:maxdepth: 1\n\n{names}```\n"


def _page(file: Path, root: Path, places: dict[Path, str]) -> str:
    def readme(found: re.Match[str]) -> str:
        return _led(_section(root / "README.md", found[1]), root / "README.md", places[file], places)

    return _SECTION.sub(readme, _led(file.read_text(), file, places[file], places))


def _section(file: Path, title: str) -> str:
    """A part of a document: under the heading of that title, or before the first one for "beginning"."""
    parts = re.split(r"^## (.*)$", file.read_text(), flags=re.MULTILINE)
    if title == "beginning":
        return re.sub(r"^# .*\n", "", parts[0]).strip()
    return f"## {title}\n\n{parts[parts.index(title) + 1].strip()}\n"


def _led(text: str, file: Path, place: str, places: dict[Path, str]) -> str:
    """The text with its links as they are from `place`; what is not on the site is named without a link."""

    def link(found: re.Match[str]) -> str:
        picture, shown, target = found.groups()
        path, _, anchor = target.partition("#")
        if not path or re.match("[a-z]+:", path):
            return found[0]
        aim = Path(os.path.normpath(file.parent / path))
        if aim not in places:
            return shown
        new = os.path.relpath(places[aim], Path(place).parent)
        return f"{picture}[{shown}]({new}{'#' if anchor else ''}{anchor})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in parts)
