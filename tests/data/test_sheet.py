"""What a notebook shows of a data set: the first samples, escaped, small, never a traceback."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image

from layerlab.data import Dataset

RANDOM = np.random.default_rng(0)
MOST_BYTES = 60_000


class Page(HTMLParser):
    """Tags, texts and pictures of a page; raises for what is not allowed in one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.pictures: list[Any] = []
        self.feed(html)
        assert self.open == [] and len(html.encode()) < MOST_BYTES

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("div", "figure", "figcaption", "img", "table", "tr", "td")
        assert {name for name, _ in attrs} <= {"style", "src", "alt", "width"}
        if tag != "img":
            self.open.append(tag)
            return
        source = dict(attrs)["src"]
        assert source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
        self.pictures.append(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(dataset: Dataset) -> Page:
    return Page(dataset._repr_html_())


def test_images_are_shown_with_the_names_of_their_classes() -> None:
    images = np.zeros((4, 8, 6, 3), "float32")
    images[2] = [255.0, 0.0, 128.0]
    dataset = Dataset.from_tensor_slices((images, np.array([0, 1, 1, 0], "int32"))).batch(3)
    dataset.class_names = ["cat", "dog"]
    shown = page(dataset)
    assert [text for text in shown.texts if text in ("cat", "dog")] == ["cat", "dog", "dog"]
    assert [picture.size for picture in shown.pictures] == [(6, 8)] * 3
    assert np.asarray(shown.pictures[2].convert("RGB"))[0, 0].tolist() == [255, 0, 128]
    assert "float32 (3, 8, 6, 3), int32 (3,)" in shown.texts


@pytest.mark.parametrize(
    ("images", "size"),
    [
        (RANDOM.uniform(0, 1, (2, 9, 9, 1)), (9, 9)),
        (RANDOM.integers(0, 256, (2, 28, 28)).astype("uint8"), (28, 28)),
        (RANDOM.normal(size=(2, 3, 10, 12)), (12, 10)),
        (RANDOM.integers(0, 256, (2, 300, 600, 4)).astype("uint8"), (96, 48)),
    ],
    ids=["from 0 to 1", "without channels", "channels first, normal", "large, with alpha"],
)
def test_each_form_of_images_is_shown(images: Any, size: Any) -> None:
    assert [picture.size for picture in page(Dataset.from_tensor_slices(images).batch(2)).pictures] == [
        size
    ] * 2


def test_a_large_batch_of_noise_stays_small() -> None:
    noise = RANDOM.integers(0, 256, (64, 224, 224, 3)).astype("uint8")
    assert 3 <= len(page(Dataset.from_tensor_slices(noise).batch(64)).pictures) <= 12


def test_texts_are_shown_by_their_first_lines() -> None:
    texts_and_labels = (["a film\nto see", "x" * 1000], [[1.0, 0, 0], [0, 0, 1.0]])
    dataset = Dataset.from_tensor_slices(texts_and_labels).batch(2)
    dataset.class_names = ["good", "so-so", "bad"]
    texts = page(dataset).texts
    assert "a film to see" in texts and "good" in texts and "bad" in texts
    assert f"{'x' * 159}…" in texts


def test_tables_and_single_samples_are_shown_by_their_numbers() -> None:
    rows = np.arange(30.0).reshape(3, 10)
    assert "0 1 2 3 4 5 6 7 …" in page(Dataset.from_tensor_slices(rows).batch(3)).texts
    assert "0 1 2 3 4 5 6 7 …" in page(Dataset.from_tensor_slices(rows)).texts
    assert "7" in page(Dataset.from_tensor_slices([7])).texts
    named = Dataset.from_tensor_slices(({"a": rows, "b": rows}, [1, 2, 3])).batch(2)
    assert any("(2, 10)" in text for text in page(named).texts)


def test_text_of_strangers_is_text() -> None:
    evil = "<script>alert(1)</script>\u202e<img src=x onerror=alert(1)>"
    dataset = Dataset.from_tensor_slices(([evil, evil], [0, 1])).batch(2)
    dataset.class_names = [evil, '"><b>']
    html = dataset._repr_html_()
    assert "<script" not in html and "\u202e" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html
    Page(html)


def test_what_cannot_be_loaded_is_told_without_a_traceback() -> None:
    def fail(x: Any) -> Any:
        raise ValueError("the file <7> is damaged")

    texts = page(Dataset.from_tensor_slices([1]).map(fail)).texts
    assert re.search("ValueError: the file <7> is damaged", " ".join(texts))
    assert "empty" in " ".join(page(Dataset.from_tensor_slices(np.zeros((0, 2)))).texts)


def test_to_look_at_a_data_set_changes_nothing() -> None:
    dataset, other = (
        Dataset.from_tensor_slices(np.arange(20)).shuffle(20, seed=1).batch(5) for _ in range(2)
    )
    dataset._repr_html_()
    assert [batch.tolist() for batch in dataset] == [batch.tolist() for batch in other]
