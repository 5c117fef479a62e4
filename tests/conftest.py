"""What holds for all tests."""

from __future__ import annotations

import os
import signal

import pytest

from pcapstate.kernels.running import Kernels

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a script Ctrl-C is ignored, by what is started from here too; tests of it need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing skips: what is missing there is installed by ``.ci/run``."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def both() -> tuple[Kernels, Kernels]:
    """Kernels that run plain and compiled; compiling takes its time once."""
    was = os.environ.get("PCAPSTATE_KERNELS")
    try:
        os.environ["PCAPSTATE_KERNELS"] = "plain"
        plain = Kernels(0)
        os.environ["PCAPSTATE_KERNELS"] = "compiled"
        compiled = Kernels(0)
    finally:
        if was is None:
            del os.environ["PCAPSTATE_KERNELS"]
        else:
            os.environ["PCAPSTATE_KERNELS"] = was
    assert not plain.compiled
    assert compiled.compiled
    return plain, compiled
