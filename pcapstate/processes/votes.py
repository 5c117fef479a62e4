"""Votes of packets on the process of a socket, weighed if they disagree.

Some captures name the socket's process exactly (macOS, ptcpdump). Others have the id of the process that happened to
run on the processor (Windows): often another one, so the majority counts, and packets with data before others, since
the program itself hands over the data that it sends.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Votes = dict[int, int]
"""How many packets gave a vote."""

UNDIRECTED, RECEIVED, SENT, CERTAIN = range(4)
"""Weights of votes, ascending: of unknown direction; received; sent; sent with data, or exact."""

DIFFERENT = 64
"""Distinct votes kept for one socket at most; the vote of the least weight and count is dropped."""

PROCESS_BITS = 14
RANK_BITS = 2
VOTE_BITS = 2 * PROCESS_BITS + RANK_BITS


def packed(process: Ints, effective: Ints, rank: Ints | int) -> Ints:
    """Return votes as numbers of VOTE_BITS bits."""
    return (effective << PROCESS_BITS | process) << RANK_BITS | rank


def cast(votes: Votes, ballots: Iterable[tuple[int, int]]) -> None:
    """Add votes with their counts."""
    for vote, count in ballots:
        # The last vote comes last, even if it was given before.
        votes[vote] = votes.pop(vote, 0) + count
        if len(votes) > DIFFERENT:
            # Of equal votes the first.
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
