"""What many stories begin with."""

from __future__ import annotations

OPEN = """
    C S   0 0 0    -> SENT, -
    S SA  0 1 0    -> SENT, RCVD
    C A   1 1 0    -> EST, EST
"""
TALK = """
    C PA  1 1 100   -> EST, EST
    S A   1 101 0   -> EST, EST
    S PA  1 101 500 -> EST, EST
    C A   101 501 0 -> EST, EST
"""
