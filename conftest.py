"""For tests and doctests alike: what one of them sets for the whole process does not reach the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.name.endswith(".TerminateOnNaN"):
            item.add_marker(pytest.mark.filterwarnings("ignore:The loss is nan"))  # its example has one


@pytest.fixture(autouse=True)
def _settings_as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    """Back end, float type, epsilon, data format, dtype policy; doctests begin automatic names anew."""
    try:  # not above: tests of an engine that cannot be imported run too
        from layerlab import dtypes
        from layerlab.core.naming import reset_names
        from layerlab.settings import settings
    except ImportError:
        yield
        return
    if isinstance(request.node, pytest.DoctestItem):
        reset_names()
    values, policy = dict(vars(settings)), dtypes._global_policy
    yield
    vars(settings).update(values)
    dtypes._global_policy = policy
