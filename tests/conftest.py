"""What holds for all tests."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a script Ctrl-C is ignored, by what is started from here too; tests of it need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
