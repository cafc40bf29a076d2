"""What a finished site may not have: links to nowhere, and anything that a page loads from elsewhere."""

from __future__ import annotations

from pathlib import Path

from docs_site import guides, links

HEAD = '<html><head><link rel="stylesheet" href="style.css"></head><body>'


def site(folder: Path, **pages: str) -> Path:
    (folder / "style.css").write_text("body { color: red }")
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(HEAD + text)
    return folder


def test_links_to_pages_and_places_are_right(tmp_path: Path) -> None:
    one = '<a href="two.html#there">x</a> <a href="#here">y</a><p id="here">'
    site(tmp_path, one=one, two='<p id="there">')
    report = links.checked(tmp_path)
    assert report.problems == [] and report.count == 4


def test_a_missing_page_and_a_missing_place_are_told(tmp_path: Path) -> None:
    site(tmp_path, one='<a href="three.html">x</a> <a href="two.html#nowhere">y</a>', two="")
    problems = links.checked(tmp_path).problems
    assert problems == [
        "one.html: three.html leads to no file",
        "one.html: two.html#nowhere leads to no place of its page",
    ]


def test_outward_links_are_listed_and_outward_loads_are_problems(tmp_path: Path) -> None:
    text = '<a href="https://arxiv.org/abs/1">x</a><script src="https://cdn.example/a.js"></script>'
    site(tmp_path, one=text)
    (tmp_path / "style.css").write_text("@font-face { src: url('https://fonts.example/a.woff') }")
    report = links.checked(tmp_path)
    assert "https://arxiv.org/abs/1" in report.outward
    assert report.problems == [
        "one.html: <script> loads https://cdn.example/a.js from elsewhere",
        "style.css: loads https://fonts.example/a.woff",
    ]


def repository(root: Path) -> Path:
    for name, text in {
        "README.md": "# It\n\nHello.\n\n## Install\n\nSee [the rest](CONTRIBUTING.md).\n",
        "CONTRIBUTING.md": "# Rules\n\n[Why](docs/decisions), [a](docs/decisions/001-a.md#b), [x](x.py)\n",
        "CHANGELOG.md": "# Changelog\n",
        "SECURITY.md": "# Security\n",
        "docs/index.md": "# It\n\n<!-- README: beginning -->\n\n<!-- README: Install -->\n",
        "docs/architecture.md": "# Architecture\n\n```\n[not](a/link.md)\n```\n",
        "docs/other.md": "# Other\n\n![picture](images/a.png)\n",
        "docs/decisions/001-a.md": "# 001: A\n",
        "docs/images/a.png": "",
        "notebooks/01_a.ipynb": "{}",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_documents_keep_their_links_where_the_site_has_them(tmp_path: Path) -> None:
    guides.write(repository(tmp_path / "repository"), tmp_path / "site")
    text = (tmp_path / "site/developers/contributing.md").read_text()
    assert text == "# Rules\n\n[Why](decisions.md), [a](decisions/001-a.md#b), x\n"
    assert "![picture](../images/a.png)" in (tmp_path / "site/guides/other.md").read_text()
    assert "[not](a/link.md)" in (tmp_path / "site/developers/architecture.md").read_text()


def test_the_home_page_has_parts_of_the_readme(tmp_path: Path) -> None:
    guides.write(repository(tmp_path / "repository"), tmp_path / "site")
    text = (tmp_path / "site/index.md").read_text()
    assert "\n\nHello.\n\n## Install\n\nSee [the rest](developers/contributing.md)." in text


def test_a_document_that_no_list_names_is_a_guide(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    (root / "docs/callbacks.md").write_text("# Callbacks\n")
    assert guides.pages(root) == {
        "Guides": ["guides/callbacks", "guides/other"],
        "Lessons": ["lessons/01_a"],
        "Developers": [
            "developers/contributing",
            "developers/architecture",
            "developers/changelog",
            "developers/security",
            "developers/decisions",
        ],
    }
