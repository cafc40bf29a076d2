"""The links of the finished site: each leads to a place, and no page loads anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Elements by which a browser fetches something while it shows the page, and the attribute that says what.
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


@dataclass
class Report:
    """What was found: problems to mend, and the links that lead out, which nobody asked."""

    problems: list[str] = field(default_factory=list)
    outward: set[str] = field(default_factory=set)
    count: int = 0


def checked(site: Path) -> Report:
    """Read all pages of a folder."""
    report = Report()
    pages = {file: _Page(file.read_text()) for file in sorted(site.rglob("*.html"))}
    for file, page in pages.items():
        for element, url in page.links:
            report.count += 1
            if urlsplit(url).scheme or url.startswith("//"):
                report.problems += _loaded(file.relative_to(site), element, url)
                report.outward |= {url} - set(report.problems)
            elif problem := _broken(file, url, pages):
                report.problems.append(f"{file.relative_to(site)}: {url} {problem}")
    for style in sorted(site.rglob("*.css")):
        report.problems += [f"{style.relative_to(site)}: loads {url}" for url in _in_style(style.read_text())]
    return report


def places(page: Path) -> set[str]:
    """The anchors of a page."""
    return _Page(page.read_text()).places


def _loaded(page: Path, element: str, url: str) -> list[str]:
    loads = element in LOADS and not url.startswith("data:")
    return [f"{page}: <{element}> loads {url} from elsewhere"] if loads else []


def _broken(file: Path, url: str, pages: dict[Path, _Page]) -> str | None:
    parts = urlsplit(url)
    aim = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not aim.exists():
        return "leads to no file"
    anchor = unquote(parts.fragment)
    if anchor and aim in pages and anchor not in pages[aim].places:
        return "leads to no place of its page"
    return None


def _in_style(text: str) -> Iterator[str]:
    for part in text.split("url(")[1:]:
        url = part.partition(")")[0].strip("'\" ")
        if url.startswith(("http:", "https:", "//")):
            yield url


class _Page(HTMLParser):
    """The links of a page, and the places on it that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.places: set[str] = {"top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        attribute = "href" if tag == "a" else LOADS.get(tag, "")
        if url := values.get(attribute):
            self.links.append((tag, url))
        self.places |= {value for key in ("id", "name") if (value := values.get(key))}
