"""What holds for all tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pcapstate.kernels import running
from pcapstate.kernels.library import PACKAGE
from pcapstate.kernels.running import Kernels

# The language of the machine would be that of all output.
os.environ["LC_ALL"] = "C.UTF-8"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a script Ctrl-C is ignored, by what is started from here too; tests of it need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Build the kernels where they are not those of the sources, before any test runs."""
    if hasattr(config, "workerinput") or not running.Kernels("compiled").missing:
        return
    if os.environ.get("PCAPSTATE_LIBRARY") or not (PACKAGE.parent / "pyproject.toml").exists():
        raise pytest.UsageError(running.Kernels("compiled").missing)
    print("building the kernels …", flush=True)
    if subprocess.run([sys.executable, "-m", "pcapstate.kernels.building"], cwd=PACKAGE.parent).returncode:
        raise pytest.UsageError("the kernels cannot be built")
    running._library.cache_clear()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing skips: what is missing there is installed by ``.ci/run``."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def both() -> tuple[Kernels, Kernels]:
    """Kernels that run plain and compiled."""
    plain, compiled = Kernels("plain"), Kernels("compiled")
    assert not plain.compiled
    assert compiled.compiled
    return plain, compiled
