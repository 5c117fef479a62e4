"""Stories of connections that close: each end first, both at once, and with FINs sent again."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts.beginnings import OPEN, TALK

STORIES = {
    "client_closes_first": OPEN
    + TALK
    + """
        C FA 101 501 0 -> FW1, CW
        S A  501 102 0 -> FW2, CW
        S FA 501 102 0 -> TW, LACK
        C A  102 502 0 -> TW, CLOSED
        + 59           -> TW, CLOSED
        + 2            -> CLOSED, CLOSED
    """,
    "server_closes_first": OPEN
    + TALK
    + """
        S FA 501 101 0 -> CW, FW1
        C A  101 502 0 -> CW, FW2
        C FA 101 502 0 -> LACK, TW
        S A  502 102 0 -> CLOSED, TW
        + 61           -> CLOSED, CLOSED
    """,
    "fin_answered_by_fin": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
    """,
    "half_close": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        S A  1 2 0     -> FW2, CW
        S PA 1 2 100   -> FW2, CW
        C A  2 101 0   -> FW2, CW
        S FA 101 2 0   -> TW, LACK
        C A  2 102 0   -> TW, CLOSED
    """,
    "fin_with_data": OPEN
    + """
        C FPA 1 1 10   -> FW1, CW
        S A   1 12 0   -> FW2, CW
        S FPA 1 12 20  -> TW, LACK
        C A   12 22 0  -> TW, CLOSED
    """,
    "simultaneous_close": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S FA 1 1 0 -> CLOSING, CLOSING
        C A  2 2 0 -> CLOSING, TW
        S A  2 2 0 -> TW, TW
    """,
    "fin_again_means_its_ack_was_lost": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S A  1 2 0 -> FW2, CW
        C FA 1 1 0 -> FW1, CW
        S A  1 2 0 -> FW2, CW
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
    """,
    "fin_again_means_the_last_ack_was_lost": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
    """,
    "fin_again_at_once_tells_nothing": OPEN
    + """
        C FA 1 1 0   -> FW1, CW
        ~ S FA 1 1 0 -> CLOSING, CLOSING
        ~ S A 2 2 0  -> TW, CLOSING
        ~ C FA 1 2 0 -> TW, TW          # as BSD acknowledges in CLOSING; it had not got the ACK
    """,
    "fins_sent_again_cross": OPEN
    + """
        S FA 1 1 0 -> CW, FW1
        C FA 1 2 0 -> LACK, TW         # lost behind the capture
        C FA 1 2 0 -> LACK, FW2        # again, under way …
        S FA 1 1 0 -> LACK, FW1        # … as its peer sends again
        S A  2 2 0 -> CLOSED, TW
        C A  2 2 0 -> CLOSED, TW
    """,
    "ack_of_data_is_no_ack_of_fin": OPEN
    + """
        C PA 1 1 100 -> EST, EST
        C FA 101 1 0 -> FW1, CW
        S A  1 101 0 -> FW1, CW
        S A  1 102 0 -> FW2, CW
    """,
    "fin_behind_a_hole": OPEN
    + """
        C PA 1 1 100   -> EST, EST
        C FPA 201 1 10 -> FW1, EST    # 101 to 200 are missing
        S A  1 101 0   -> FW1, EST
        C PA 101 1 100 -> FW1, CW
        S A  1 212 0   -> FW2, CW
    """,
    "fin_again_without_any_answer": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        C FA 1 1 0     -> FW1, EST
        C FA 1 1 0     -> FW1, EST
    """,
    "last_fin_again_without_any_answer": OPEN
    + """
        C FA 1 1 0     -> FW1, CW
        S A  1 2 0     -> FW2, CW
        S FA 1 2 0     -> TW, LACK
        S FA 1 2 0     -> FW2, LACK
        C A  2 2 0     -> TW, CLOSED
    """,
    "fin_behind_what_was_lost_on_the_way": OPEN
    + """
        C PA 1 1 100   -> EST, EST
        C FA 101 1 0   -> FW1, CW
        S A  1 1 0     -> FW1, EST      # the same again: the data is lost, and so the FIN does not count
        C PA 1 1 100   -> FW1, EST
        S A  1 102 0   -> FW2, CW
    """,
    "data_again_is_no_fin_again": OPEN
    + """
        C PA 1 1 100         -> EST, EST
        C FA 101 1 0         -> FW1, CW
        C PA 1 1 100         -> FW1, CW
    """,
}

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # A FIN arrives at a client that looks open; what is missing before its ACK may be data as well as a FIN.
    ("simultaneous_close", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("simultaneous_close", 4): (State.FIN_WAIT_2,),
    # Nothing tells whether the second FIN arrived before its peer sent again, or was lost like the first.
    ("fins_sent_again_cross", 7): (State.FIN_WAIT_2,),
    ("fins_sent_again_cross", 0): (State.FIN_WAIT_2,),
    # No FIN of its peer is there.
    ("fin_again_at_once_tells_nothing", 4): (State.FIN_WAIT_2,),
    # Its peer's FIN comes again, and nothing tells that it has arrived.
    ("fin_again_means_the_last_ack_was_lost", 4): (State.FIN_WAIT_2,),
    ("fin_again_means_the_last_ack_was_lost", 5): (State.FIN_WAIT_2,),
    # Its FIN that is there comes behind its peer's, and acknowledges that.
    ("fin_again_at_once_tells_nothing", 3): (State.CLOSE_WAIT, State.LAST_ACK, State.FIN_WAIT_1),
}
