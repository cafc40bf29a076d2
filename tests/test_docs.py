"""What the documents say is so: examples run, links lead somewhere, nothing is left out."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path

import pytest

import layerlab_jupyter
from layerlab import callbacks

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = ("callbacks", "data", "getting-started", "saving-and-keras", "steering")
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


@pytest.mark.parametrize("name", [*sorted({*callbacks.__all__, "LiveFit"} - {"Callback", "CallbackList"})])
def test_the_reference_has_the_defaults_that_signatures_have(name: str) -> None:
    parameters = inspect.signature(getattr(callbacks, name, layerlab_jupyter.LiveFit)).parameters
    section = REFERENCE.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]
    for names, defaults in re.findall(r"^\| (`.*?) \| ([^|]*?) ?\|", section, re.MULTILINE):
        arguments = re.findall(r"`(\w+)`", names)
        told = [literal(default) for default in defaults.split(",")]
        told *= len(arguments) if len(told) == 1 else 1  # one for all of the row
        if ... not in told:
            assert [parameters[argument].default for argument in arguments] == told, f"{name}: {names}"


def literal(text: str) -> object:
    """A default in a table as a value; an ellipsis for words such as "the model's name"."""
    try:
        return ast.literal_eval(text.strip("` "))
    except (SyntaxError, ValueError):
        return ...


def test_versions_in_the_documents_are_the_ones_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = "".join(page.read_text() for page in PAGES)
    assert set(re.findall(r"layerlab-([\d.]+)-py3", texts)) == {project["version"]}
    lowest = re.findall(r"Python (\d\.\d+) or newer", texts)
    assert lowest and {f">={version}" for version in lowest} == {project["requires-python"]}
    lab = next(line for line in project["dependencies"] if line.startswith("jupyterlab"))
    assert set(re.findall(r"JupyterLab (\d\.\d+) or", texts)) == set(re.findall(r">=(\d\.\d+)", lab))


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
