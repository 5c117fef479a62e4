"""Stories that a RST ends, or does not."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts.beginnings import OPEN, TALK

STORIES = {
    "reset_by_client": OPEN
    + TALK
    + """
        C RA 101 501 0 -> CLOSED, CLOSED
    """,
    "reset_by_server": OPEN
    + TALK
    + """
        S RA 501 101 0 -> CLOSED, CLOSED
    """,
    "reset_out_of_window_is_stray": OPEN
    + TALK
    + """
        S RA 9000 101 0 -> EST, EST
        S R  200 0 0    -> EST, EST
    """,
    "reset_ends_time_wait": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
        S R  2 0 0 -> CLOSED, CLOSED
    """,
    "fin_to_a_host_that_forgot": OPEN
    + TALK
    + """
        C FA 101 501 0 -> FW1, CW
        S R  501 0 0   -> CLOSED, CLOSED
    """,
    "reset_that_never_arrived": OPEN
    + TALK
    + """
        S RA 501 101 0   -> CLOSED, CLOSED
        C PA 101 501 10  -> EST, CLOSED
        S R  501 0 0     -> CLOSED, CLOSED
    """,
    "reset_that_does_not_acknowledge_the_fin": OPEN
    + """
        S FA 1 1 0     -> CW, FW1
        C RA 1 1 0     -> CLOSED, CLOSED
    """,
    "data_behind_a_close_answered_with_reset": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        S FPA 1 2 100  -> TW, LACK      # its ACK arrives, its data finds nobody to take it
        C R  2 0 0     -> CLOSED, CLOSED
    """,
    "reset_that_crosses_the_ack_of_its_fin": OPEN
    + """
        C PA 1 1 10    -> EST, EST
        S A  1 11 0    -> EST, EST
        C FA 11 1 0    -> FW1, CW
        S PA 1 12 100  -> FW2, CW
        C RA 12 1 0    -> CLOSED, CLOSED  # it had not received those 100 bytes, nor the ACK that came with them
    """,
    "reset_out_of_closing": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        ~ S FA 1 1 0   -> CLOSING, CLOSING
        ~ S A 2 2 0    -> TW, CLOSING
        C RA 2 2 0     -> CLOSED, CLOSED
    """,
    "reset_behind_a_fin_that_is_not_captured": OPEN
    + TALK
    + """
        S RA 502 101 0 -> EST, CLOSED
        C A  101 501 0 -> EST, CLOSED   # it challenges
        S R  501 0 0   -> CLOSED, CLOSED
    """,
    "old_ack_behind_a_reset": OPEN
    + TALK
    + """
        C R  101 0 0   -> CLOSED, CLOSED
        S A  501 101 0 -> CLOSED, CLOSED
        S A  501 1 0   -> CLOSED, CLOSED
    """,
    "fin_behind_a_forged_reset": OPEN
    + """
        C R  1 0 0     -> CLOSED, CLOSED
        C FA 1 1 0     -> FW1, CLOSED
        S R  1 0 0     -> CLOSED, CLOSED
    """,
    "time_wait_that_outlives_resets": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        S FA 1 2 0     -> TW, LACK
        C A  2 2 0     -> TW, CLOSED
        S FA 1 2 0     -> TW, LACK
        C A  2 2 0     -> TW, CLOSED
        S R  2 0 0     -> CLOSED, CLOSED
        S FA 1 2 0     -> CLOSED, LACK
        C A  2 2 0     -> TW, CLOSED    # an answer
        S R  2 0 0     -> TW, CLOSED
    """,
    "reset_with_the_number_of_a_fin": OPEN
    + TALK
    + """
        S FA 501 101 0 -> CW, FW1
        C A  101 502 0 -> CW, FW2
        S R  501 0 0   -> CLOSED, CLOSED
    """,
    "fins_cross_and_are_cut_off": OPEN
    + """
        C FA 1 1 0           -> FW1, CW
        ~ S FPA 1 1 24       -> CLOSING, CLOSING
        ~ C R 2 0 0          -> CLOSED, CLOSED
    """,
}

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # Without its own FIN, or the RST, its peer's FIN finds it open.
    ("reset_out_of_closing", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
    ("reset_out_of_closing", 4): (State.FIN_WAIT_2,),
    ("fin_behind_a_forged_reset", 3): (State.CLOSE_WAIT,),
    # Its peer's FIN comes again, and nothing tells that it has arrived.
    ("time_wait_that_outlives_resets", 4): (State.FIN_WAIT_2,),
    ("time_wait_that_outlives_resets", 5): (State.FIN_WAIT_2,),
    # Without its own FIN, or the SYN-ACK, the other's FIN finds it open; and a far one may be real.
    ("fins_cross_and_are_cut_off", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
}
