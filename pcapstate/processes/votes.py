"""What packets say about whose process it is, weighed where they do not agree.

Some captures tell exactly whose packet it is: the process is that of the socket (macOS, ptcpdump), and has a name.
Others tell just the id of whatever ran on the processor as the packet passed (Windows): so often by chance that the
majority counts, and packets with data before others, since it is the program itself that hands over data to send.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Votes = dict[int, int]
"""How many packets gave a vote."""

UNDIRECTED, RECEIVED, SENT, CERTAIN = range(4)
"""How much a vote weighs, ascending: sent or received by the process, nobody knows; received; sent; sent with data,
or told exactly."""

DIFFERENT = 64
"""Different votes that are kept for one socket at most; that which weighs least, and was given least often, goes."""

PROCESS_BITS = 14
RANK_BITS = 2
VOTE_BITS = 2 * PROCESS_BITS + RANK_BITS


def packed(process: Ints, effective: Ints, rank: Ints | int) -> Ints:
    """Return votes as numbers of VOTE_BITS bits."""
    return (effective << PROCESS_BITS | process) << RANK_BITS | rank


def cast(votes: Votes, ballots: Iterable[tuple[int, int]]) -> None:
    """Add votes with their counts."""
    for vote, count in ballots:
        # The last named comes last, also where it was named before.
        votes[vote] = votes.pop(vote, 0) + count
        if len(votes) > DIFFERENT:
            # Of those that are alike, the one named first.
            del votes[min(votes, key=lambda one: (one & 3, votes[one]))]


def directed(votes: Votes) -> int:
    """Return the owner (see ``owner``) that most of the votes that weigh most name, without those UNDIRECTED; or 0."""
    best = max((vote & 3 for vote in votes), default=UNDIRECTED)
    return 0 if best == UNDIRECTED else _most({vote: count for vote, count in votes.items() if vote & 3 == best})


def undirected(votes: Votes) -> int:
    """Return the owner that most of the votes name of which nobody knows which side they are about; or 0."""
    return _most({vote: count for vote, count in votes.items() if vote & 3 == UNDIRECTED})


def owner(number: int) -> tuple[int, int]:
    """Return the numbers of process and effective process of an owner."""
    return number & ((1 << PROCESS_BITS) - 1), number >> PROCESS_BITS


def _most(votes: Votes) -> int:
    if not votes:
        return 0
    most = max(votes.values())
    return [vote for vote, count in votes.items() if count == most][-1] >> RANK_BITS
