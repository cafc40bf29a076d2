"""What the documents say can be read in any editor, and names only what exists.

A name in backticks is a promise: a path leads to a file, `make x` is a command, an identifier is a word
of the sources. Whoever renames a file or a class finds here which document to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "kernel_ext", "labextension", "scripts", "tests", "docs", "notebooks", ".github", ".ci")
BUILT = {"lib", "node_modules", "__pycache__", "artifacts", "static"}
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")],
    key=str,
)
PAGES = [page for page in PAGES if page.name != "CHANGELOG.md"]  # it tells of what was
WIDTH = 88
# Names of other programs and of files that are made, which no source of ours has.
OTHERS = {
    "GradientTape",
    "MappingKernelManager",
    "PIP_FIND_LINKS",
    "__MACOSX/",
    "aclImdb/train/unsup",
    "_process_count",
    "batch_begin",  # endings of names
    "batch_end",
    "checkpoints/",
    "cull_idle_timeout",
    "extractall",
    "fflate",
    "h5wasm",
    "jsfive",
    "mallopt",
    "read_json",
    "test_batchnorm_uses_moving_mean_when_not_training",
    "untracked_message_types",
}


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines that are neither code nor table, with their numbers."""
    in_code = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        in_code ^= line.lstrip().startswith("```")
        if not in_code and not line.lstrip().startswith(("```", "|", "#", "![")):
            yield number, line


def spans(page: Path) -> set[str]:
    """What stands in backticks, tables too."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", text)}


@cache
def files() -> frozenset[str]:
    """Files and folders of the repository, from its root."""
    found = {path.name for path in ROOT.iterdir() if path.is_file()} | {*FOLDERS}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if not BUILT & set(path.relative_to(ROOT).parts):
                found.add(path.relative_to(ROOT).as_posix())
    return frozenset(found)


@cache
def words() -> frozenset[str]:
    """Each identifier that a source has, and the names of all files."""
    suffixes = (".py", ".ts", ".tsx", ".toml", ".json", ".css", ".yml", ".ipynb", "Makefile")
    found: set[str] = set()
    for name in files():
        found |= {Path(name).stem, Path(name).name}
        if name.endswith(suffixes) and (ROOT / name).is_file() and name != "tests/test_prose.py":
            found |= set(re.findall(r"\w+", (ROOT / name).read_text(errors="replace")))
    return frozenset(found)


def is_file(path: str) -> bool:
    """Whether a file or folder ends like that (`training/loop`, `protocol/*.json`), or git ignores it."""
    path = path.removeprefix("./").removesuffix("...").rstrip("/")
    forms = (path, f"*/{path}", f"*/{path}.*")
    is_made = any(f"{path}/".startswith(made) for made in (ROOT / ".gitignore").read_text().split())
    return is_made or any(fnmatch(known, form) for known in files() for form in forms)


def is_known(span: str) -> bool:
    """Whether a span names what exists. One that is no path, command or identifier names nothing."""
    if span in OTHERS:
        return True
    if command := re.match(r"make ([a-z-]+)\b", span):
        return re.search(rf"^{command[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE) is not None
    if re.fullmatch(r"[\w.*-]+(/[\w.*-]*)+|[\w*-]+\.(py|tsx?|md|toml|ipynb)", span):
        path, _, attribute = span.rpartition(".")  # `backend/jax/arrays.available`
        return is_file(span) or (is_file(path) and attribute in words())
    if " " in span:
        return all(is_file(part) for part in span.split() if re.match(r"(scripts|tests|docs)/\w", part))
    identifier = re.fullmatch(r"@?([A-Za-z_][\w.]*)(\(.*\))?", span)
    names = [name for name in identifier[1].split(".") if name] if identifier else []
    return all(name in words() | OTHERS for name in names) or begins_a_word(span)


def begins_a_word(span: str) -> bool:
    """Whether a span stands for all names that begin like it: `on_test_...`."""
    beginning = span.removesuffix("...")
    return beginning != span and any(word.startswith(beginning) for word in words())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_lines_of_prose_are_at_most_88_columns_wide(page: Path) -> None:
    assert [number for number, line in prose(page) if len(line) > WIDTH and " " in line.strip()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sentences_have_nouns_where_a_pronoun_would_send_the_reader_back(page: Path) -> None:
    text = re.sub(r"\s+", " ", page.read_text())
    assert re.findall(r".{0,40}\b(?:[Tt]hose|[Tt]hat) of\b.{0,20}", text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_stands_in_backticks_exists(page: Path) -> None:
    assert sorted(span for span in spans(page) if not is_known(span)) == []


def test_the_table_of_levels_has_each_folder_and_file_of_the_engine() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text().partition("| level |")[2].partition("\n\n")[0]
    listed = {
        name.rstrip("/")
        for line in table.splitlines()[2:]
        for name in re.findall(r"`(.*?)`", line.split("|")[2])
    }
    files = [path for path in (ROOT / "engine" / "layerlab").iterdir() if path.suffix in ("", ".py")]
    assert {file.stem for file in files if file.stem[0] != "_"} == listed
