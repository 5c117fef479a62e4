"""The server's process has the SDK, parts of which are under Apache-2.0 alone; Scapy is never in it."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.helpers.paths import ROOT

PACKAGE = ROOT / "pcapstate"
SDK = {"mcp", "mcp_types", "pydantic", "starlette", "opentelemetry", "python_multipart"}
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((PACKAGE / "agents").glob("*.py"))
]
SERVER = "pcapstate.agents.server"


def roots_after(script: str) -> set[str]:
    """Return the packages that are loaded at the end of a script."""
    end = "\nprint(*sorted({one.partition('.')[0] for one in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{script}{end}"], capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stdout.split())


def test_the_server_loads_no_scapy() -> None:
    assert SERVER in MODULES
    found = roots_after("\n".join(f"import {one}" for one in (*MODULES, "pcapstate.cli.mcp")))
    assert "scapy" not in found
    assert {"mcp", "opentelemetry"} <= found


def test_workers_load_no_part_of_the_sdk() -> None:
    imports = "\n".join(f"import {one}" for one in MODULES if one != SERVER)
    assert roots_after(imports) & SDK == set()


def test_nothing_else_names_the_sdk() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path != PACKAGE / "agents" / "server.py":
            named = re.search(r"^\s*(import|from) (mcp|mcp_types)\b", path.read_text("utf-8"), re.MULTILINE)
            assert named is None, path


def test_who_captures_loads_no_part_of_the_sdk() -> None:
    """Before a program gives up its privileges it loads all that it may need, Scapy among them."""
    found = roots_after("import scapy.config\nfrom pcapstate.sources.privileges import _import_all\n_import_all()")
    assert "scapy" in found
    assert found & SDK == set()


def test_the_command_loads_the_sdk_where_it_is_called() -> None:
    assert roots_after("import pcapstate.cli.mcp") & {*SDK, "asyncio", "multiprocessing"} == set()
