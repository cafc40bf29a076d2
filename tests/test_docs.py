"""What the documents say is so: examples run, links lead somewhere, nothing is left out."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from layerlab import callbacks

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDES = ("callbacks", "getting-started", "saving-and-keras", "steering")
PAGES_THAT_RUN = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in GUIDES)]
REFERENCE = ROOT / "docs" / "callbacks.md"


def examples(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The loss is nan")  # which a callback is shown to end
@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path / "runs"))
    names: dict[str, object] = {"__name__": "example"}
    found = examples(page)
    assert found
    for number, source in enumerate(found, 1):
        exec(compile(source, f"{page.name}, example {number}", "exec"), names)


@pytest.mark.parametrize("name", callbacks.__all__)
def test_the_reference_has_each_callback_with_all_its_arguments(name: str) -> None:
    if name in ("Callback", "CallbackList"):
        name = "Your own"
        arguments: list[str] = []
    else:
        parameters = inspect.signature(getattr(callbacks, name)).parameters.values()
        arguments = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    text = REFERENCE.read_text()
    assert f"\n## {name}\n" in text
    section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
    missing = [argument for argument in arguments if argument not in section]
    assert not missing, f"{name}: docs/callbacks.md says nothing of {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in anchors, f"{page.name}: {target}"


def test_pictures_are_small_enough_to_clone() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*"))
    assert pictures and max(picture.stat().st_size for picture in pictures) < 300_000
