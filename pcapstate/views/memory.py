"""How much memory the views take beside what the tracker keeps: what a bound on all memory is to leave to them.

The figures are upper bounds of the peak, in bytes for each connection (``tests/views/test_view_memory.py``);
docs/performance.md tells what they consist of. What does not grow with the connections is in none of them.
"""

from __future__ import annotations

CONNECTIONS = 0
"""``connections``: rows are worked out some at a time and kept nowhere."""
CHOSEN = 40
"""``connections`` and ``timeline`` (there for each transition) with --filter or --sort: the numbers of the rows, and
while they are sorted one column and its order."""
DIAGNOSE = 168
"""``diagnose``: what most rules look at in arrays of their own, who belongs together while that is found out, and what
its watcher keeps."""
DIAGNOSE_CHOSEN = 800
"""``diagnose`` with --filter and the like: copies of all that is known of the connections chosen, and of all of them
what explains these."""
FRAMES_SEEN = 24_000_000
"""``diagnose``: the packets by which it knows those that are stored again."""
