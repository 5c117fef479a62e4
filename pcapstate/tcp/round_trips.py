"""The round trip of each handshake."""

from __future__ import annotations

import numpy as np

from ..rows import Rows

UNKNOWN = -1


def round_trips(details: Rows | None, clients: Rows) -> Rows:
    """Return the time from each client's SYN to its ACK of the SYN-ACK, in ns, as captured; UNKNOWN without both.

    ``details``: the rows of DETAIL, None where the tracker kept none; ``clients``: endpoints.
    """
    if details is None:
        return np.full(len(clients), UNKNOWN, dtype=np.int64)
    opening, done = (details[field][clients] for field in ("opening", "established"))
    return np.where((opening == 0) | (done < opening), UNKNOWN, done - opening)
