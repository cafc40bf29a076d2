"""The widget is made where it is needed, and only there: it sends a megabyte and a half."""

from __future__ import annotations

import sys
import types

import pytest

from layerlab.errors import ConfigError
from layerlab_jupyter.widgets import host


@pytest.mark.parametrize(("choice", "needed"), [("on", True), ("ON ", True), ("off", False), ("auto", False)])
def test_the_person_decides(choice: str, needed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(host.SWITCH, choice)
    assert host.needs_widget() is needed


def test_a_value_that_is_none_is_an_error_that_lists_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(host.SWITCH, "yes")
    with pytest.raises(ConfigError, match=r"LAYERLAB_WIDGET is 'yes'\. Expected 'on', 'off' or 'auto'"):
        host.needs_widget()


def test_vs_code_and_colab_are_known_by_what_they_leave_in_the_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(host.SWITCH, raising=False)
    assert not host.needs_widget()
    names = {"__vsc_ipynb_file__": "/home/me/a.ipynb"}
    kernel = types.SimpleNamespace(shell=types.SimpleNamespace(user_ns=names))
    monkeypatch.setattr(host, "running_kernel", lambda: kernel)
    assert host.needs_widget()
    names.clear()
    assert not host.needs_widget()
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("colab"))
    assert host.needs_widget()
    monkeypatch.setenv(host.SWITCH, "off")
    assert not host.needs_widget()
