"""Stories whose capture lacks packets, or has them in the wrong order."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts.beginnings import OPEN

STORIES = {
    "fin_behind_a_hole_that_the_capture_missed": OPEN
    + """
        C PA 1 1 100   -> EST, EST
        C FPA 201 1 10 -> FW1, EST
        S A  1 212 0   -> FW2, CW
    """,
    "joined_late": """
        C PA 101 501 20 -> EST, EST
        S A  501 121 0  -> EST, EST
        S FA 501 121 0  -> CW, FW1
        C A  121 502 0  -> CW, FW2
        C FA 121 502 0  -> LACK, TW
        S A  502 122 0  -> CLOSED, TW
    """,
    "joined_at_the_syn_ack": """
        S SA 0 1 0 -> -, RCVD
        C A  1 1 0 -> EST, EST
    """,
    "a_bare_ack_behind_a_missing_number_may_follow_a_fin": OPEN
    + """
        C PA 1 1 10    -> EST, EST
        S A  1 11 0    -> EST, EST
        C A  12 1 0    -> EST, EST
        S A  1 12 0    -> EST, EST
        S FA 1 12 0    -> -, -         # either had closed first
        C A  12 2 0    -> -, -
    """,
    "one_direction_client": """
        C S  0 0 0     -> SENT, -
        C A  1 1 0     -> EST, EST
        C PA 1 1 50    -> EST, EST
        C A  51 901 0  -> EST, EST
        C FA 51 901 0  -> FW1, CW
    """,
    "one_direction_server": """
        S SA 0 1 0     -> -, RCVD
        S A  1 51 0    -> EST, EST
        S PA 1 51 900  -> EST, EST
        S FA 901 51 0  -> CW, FW1
    """,
    "one_direction_server_that_closes_second": """
        S SA 0 1 0     -> -, RCVD
        S A  1 51 0    -> EST, EST
        S PA 1 51 900  -> EST, EST
        S A  901 52 0  -> FW2, CW      # one number more: a FIN that is not captured
        S FA 901 52 0  -> TW, LACK
    """,
    "one_direction_client_that_closes_first": """
        C S  0 0 0     -> SENT, -
        C A  1 1 0     -> EST, EST
        C PA 1 1 50    -> EST, EST
        C FA 51 1 0    -> FW1, CW
        C A  52 2 0    -> TW, CLOSED
    """,
    "one_direction_and_a_single_byte": """
        S SA 0 1 0     -> -, RCVD
        S A  1 51 0    -> EST, EST
        S A  1 52 0    -> FW2, CW      # taken for a FIN …
        S A  1 99 0    -> EST, EST     # … but it was data
    """,
    "ack_written_before_what_it_acknowledges": OPEN
    + """
        S A  1 201 0     -> EST, EST
        ~ C PA 1 1 100   -> EST, EST
        ~ C PA 101 1 100 -> EST, EST
        S FA 1 201 0     -> CW, FW1
        ~ S A 2 202 0    -> CW, FW1      # of a FIN that comes behind it
        ~ C FA 201 2 0   -> CLOSED, TW
    """,
    "fins_written_in_the_wrong_order": OPEN
    + """
        C FA 1 2 0   -> -, -
        ~ S FA 1 1 0 -> LACK, TW
        ~ S A 2 2 0  -> CLOSED, TW
    """,
    "data_written_behind_the_peers_fin": OPEN
    + """
        C FA 1 101 0   -> -, -
        ~ S PA 1 1 100 -> FW1, CW
        S FA 101 2 0   -> TW, LACK
    """,
    "joined_late_at_a_keepalive": """
        C A  0 1 0     -> EST, EST
        S A  1 1 0     -> EST, EST
        C A  0 1 0     -> EST, EST
        S A  1 1 0     -> EST, EST
        S FA 1 1 0     -> CW, FW1
        C A  1 2 0     -> CW, FW2
    """,
    "only_syn_fin_and_rst_captured": """
        C S  0 0 0      -> SENT, -
        S SA 0 1 0      -> SENT, RCVD
        S RA 1501 19 0  -> CLOSED, CLOSED
    """,
    "joined_at_keepalives_that_end_in_a_reset": """
        C A  0 1 0     -> EST, EST
        C A  0 1 0     -> EST, EST
        C RA 1 1 0     -> CLOSED, CLOSED
    """,
    "only_syn_and_fin_captured": """
        C S  0 0 0           -> SENT, -
        S SA 0 1 0           -> SENT, RCVD
        C FA 1000001 4001 0  -> -, -
        S FA 4001 1000002 0  -> TW, LACK
    """,
    "joined_late_at_a_keepalive_before_its_fin": """
        C A  102 1501 0      -> EST, EST
        C FA 101 2501 0      -> FW1, CW
        S A  2501 102 0      -> FW2, CW
    """,
    "joined_late_at_a_fin_that_acknowledges_one": """
        S FA 501 102 0       -> CW, FW1
        C FA 101 502 0       -> CLOSED, TW  # acknowledged before
        S A  502 102 0       -> CLOSED, TW
    """,
    "one_direction_whose_first_bytes_are_missing": """
        C S  0 0 0           -> SENT, -
        C PA 1001 1 1000     -> EST, EST
        C PA 2001 1 1000     -> EST, EST
        C FA 3001 1 0        -> FW1, EST
    """,
    "one_direction_fin_again": """
        C S  0 0 0           -> SENT, -
        C A  1 1 0           -> EST, EST
        C PA 1 1 100         -> EST, EST
        C A  101 501 0       -> EST, EST
        C FA 101 501 0       -> FW1, CW
        C FA 101 501 0       -> FW1, CW
        C A  102 502 0       -> TW, CLOSED
    """,
}

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # Its peer's FIN is behind a hole, so it seems to close first.
    ("one_direction_client_that_closes_first", 2): (State.FIN_WAIT_2,),
    # The FIN that is missing was its own, or a byte of data.
    ("one_direction_client_that_closes_first", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    # Its peer's FIN is not there.
    ("ack_written_before_what_it_acknowledges", 6): (State.FIN_WAIT_2, State.CLOSE_WAIT),
    ("ack_written_before_what_it_acknowledges", 7): (State.LAST_ACK,),
    ("fins_written_in_the_wrong_order", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
    # Without the SYN-ACK, or the ACK of what is missing, its peer's FIN may have come first.
    ("only_syn_and_fin_captured", 1): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("only_syn_and_fin_captured", 2): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    # Joined later, it has no hole.
    ("joined_late_at_a_fin_that_acknowledges_one", 0): (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT),
    ("one_direction_whose_first_bytes_are_missing", 0): (State.CLOSE_WAIT,),
    ("one_direction_fin_again", 0): (State.CLOSE_WAIT, State.FIN_WAIT_2),
    ("one_direction_fin_again", 2): (State.FIN_WAIT_2,),
}
