"""One server for all tests that ask about the captures of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.agents import Agent, agent
from tests.helpers.paths import PCAPS


@pytest.fixture(scope="session")
def asking() -> Iterator[Agent]:
    with agent(PCAPS) as one:
        yield one
