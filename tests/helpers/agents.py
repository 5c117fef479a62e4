"""An agent: the client of the protocol's SDK, and the server as a process, as clients start it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client


class Agent:
    """Calls tools, and keeps the text of all that it was answered."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal, self._client = portal, client
        self.said: list[str] = []

    def tools(self) -> list[Any]:
        return self._portal.call(self._client.list_tools).tools

    def begin(self, tool: str, /, **arguments: Any) -> Any:
        """Begin a call; return its future."""
        return self._portal.start_task_soon(partial(self._client.call_tool, tool, arguments))

    def result(self, tool: str, /, **arguments: Any) -> Any:
        """Return the result of a call, which the client has compared to the schema of the answer."""
        found = self.begin(tool, **arguments).result(60)
        if not found.is_error:
            # Clients without structured answers have the same as text.
            assert json.loads(found.content[1].text) == found.structured_content
        self.said += [found.content[0].text, json.dumps(found.structured_content)]
        return found

    def ask(self, tool: str, /, **arguments: Any) -> Any:
        """Return the answer of a call."""
        found = self.result(tool, **arguments)
        assert not found.is_error, found.content[0].text
        return found.structured_content

    def refused(self, tool: str, /, **arguments: Any) -> str:
        """Return why a call has no answer: one line."""
        found = self.result(tool, **arguments)
        assert found.is_error
        assert found.structured_content is None
        (text,) = found.content
        assert text.text.isprintable()
        return text.text


@contextmanager
def agent(*arguments: str | Path) -> Iterator[Agent]:
    """Start a server with these arguments, and an agent."""
    command: Sequence[str] = ["-m", "pcapstate", "mcp", *map(str, arguments)]
    server = stdio_client(StdioServerParameters(command=sys.executable, args=list(command)))
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(server)) as client:
        yield Agent(portal, client)
