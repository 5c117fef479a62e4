"""Stories of sequence numbers that do not continue: keepalives, strays and forgeries."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts.beginnings import OPEN, TALK

STORIES = {
    "keepalive": OPEN
    + TALK
    + """
        + 7200         -> EST, EST
        C A 100 501 0  -> EST, EST
        S A 501 101 0  -> EST, EST
        C A 100 501 1  -> EST, EST
        S A 501 101 0  -> EST, EST
    """,
    "zero_window_probe": OPEN
    + TALK
    + """
        S A 501 101 0  -> EST, EST
        C A 101 501 1  -> EST, EST
        S A 501 101 0  -> EST, EST
    """,
    "stray_fin_out_of_the_window": OPEN
    + TALK
    + """
        C FA 900101 501 0 -> EST, EST
        S A  501 101 0 -> EST, EST
        C FA 101 501 0 -> FW1, CW
        S A  501 102 0 -> FW2, CW
    """,
    "stray_fin_in_the_window": OPEN
    + TALK
    + """
        C FA 1101 501 0 -> FW1, EST
        S A  501 101 0 -> FW1, EST
        C FA 101 501 0 -> FW1, CW       # nothing comes behind a FIN, so the first one was a stray
        S A  501 102 0 -> FW2, CW
        S FA 501 102 0 -> TW, LACK
        C A  102 502 0 -> TW, CLOSED
    """,
    "forged_fin_over_which_data_goes_on": OPEN
    + """
        C FA 301 1 0   -> FW1, EST
        C PA 1 1 300   -> FW1, CW
        C PA 301 1 300 -> EST, EST
        S A  1 601 0   -> EST, EST
    """,
    "forged_fin_contradicted_by_an_ack": OPEN
    + """
        C FA 301 1 0   -> FW1, EST
        S PA 1 1 50    -> FW1, EST
        C A  1 51 0    -> EST, EST      # the newest ACK tells how far it has come: not to that FIN
    """,
    "stray_ack_ahead": OPEN
    + TALK
    + """
        C A  5101 501 0 -> EST, EST
        S A  501 101 0 -> EST, EST
        C FA 101 501 0 -> FW1, CW
        S A  501 102 0 -> FW2, CW
    """,
    "ack_of_what_was_never_sent": OPEN
    + TALK
    + """
        S A  501 60101 0 -> EST, EST
        C A  101 501 0 -> EST, EST
        C FA 101 501 0 -> FW1, CW
        S A  501 102 0 -> FW2, CW
        S FA 501 102 0 -> TW, LACK
        C A  102 502 0 -> TW, CLOSED
    """,
    "ack_of_what_was_never_sent_then_data": OPEN
    + TALK
    + """
        S A  501 60101 0 -> EST, EST
        C PA 101 501 50 -> EST, EST
        S A  501 151 0 -> EST, EST      # less than before, and all that was sent
        S FA 501 151 0 -> CW, FW1
        C A  151 502 0 -> CW, FW2
    """,
    "fin_where_data_was": OPEN
    + TALK
    + """
        C FA 100 501 0 -> EST, EST
        S A  501 101 0 -> EST, EST
    """,
    "fin_behind_a_gap_wider_than_the_window": OPEN
    + """
        C PA 1 1 100         -> EST, EST
        S A 1 101 0          -> EST, EST
        C FPA 100101 1 500   -> EST, EST
        S A 1 100602 0       -> FW2, CW     # it was no stray
        S FA 1 100602 0      -> TW, LACK
        C A 100602 2 0       -> TW, CLOSED
    """,
    "fin_behind_a_wide_gap_comes_again": OPEN
    + """
        C PA 1 1 100         -> EST, EST
        S A 1 101 0          -> EST, EST
        C FPA 100101 1 500   -> EST, EST
        C FPA 100101 1 500   -> FW1, EST
    """,
    "far_fin_behind_a_handshake_is_a_stray": OPEN
    + """
        C FA 900000001 1 0   -> EST, EST
        S A  1 1 0           -> EST, EST
        C PA 1 1 10          -> EST, EST
        S A  1 11 0          -> EST, EST
    """,
}

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # Without its own FIN, or the RST, its peer's FIN finds it open.
    ("stray_fin_in_the_window", 9): (State.CLOSE_WAIT, State.CLOSING, State.FIN_WAIT_1, State.FIN_WAIT_2),
    # Without the data, nothing tells that its number was taken.
    ("fin_where_data_was", 3): (State.FIN_WAIT_2, State.CLOSE_WAIT),
    # Without the SYN-ACK, or the ACK of what is missing, its peer's FIN may have come first.
    ("fin_behind_a_gap_wider_than_the_window", 1): (State.FIN_WAIT_1,),
    ("fin_behind_a_gap_wider_than_the_window", 3): (State.FIN_WAIT_1,),
    ("fin_behind_a_gap_wider_than_the_window", 4): (State.FIN_WAIT_1,),
    # Without its own FIN, or the SYN-ACK, the other's FIN finds it open; and a far one may be real.
    ("far_fin_behind_a_handshake_is_a_stray", 1): (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT),
}
