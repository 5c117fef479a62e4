"""Stories of handshakes: answered, refused, unanswered, simultaneous, and with TCP Fast Open."""

from __future__ import annotations

from pcapstate.tcp.states import State
from tests.helpers.story_texts.beginnings import OPEN, TALK

STORIES = {
    "simultaneous_open": """
        C S  0 0 0 -> SENT, -
        S S  0 0 0 -> SENT, SENT
        C SA 0 1 0 -> RCVD, SENT
        S SA 0 1 0 -> EST, EST
    """,
    "refused": """
        C S  0 0 0 -> SENT, -
        S RA 0 1 0 -> CLOSED, CLOSED
    """,
    "refused_and_tried_again": """
        C S  0 0 0 -> SENT, -
        S RA 0 1 0 -> CLOSED, CLOSED
        C S  0 0 0 -> SENT, CLOSED
        S RA 0 1 0 -> CLOSED, CLOSED
    """,
    "unanswered": """
        C S 0 0 0 -> SENT, -
        C S 0 0 0 -> SENT, -
        C S 0 0 0 -> SENT, -
    """,
    "reset_of_the_handshake": """
        C S  0 0 0 -> SENT, -
        S SA 0 1 0 -> SENT, RCVD
        C R  1 0 0 -> CLOSED, CLOSED
    """,
    "reset_that_does_not_acknowledge_the_syn": """
        C S  0 0 0  -> SENT, -
        S RA 0 77 0 -> SENT, -
        S R  0 0 0  -> SENT, -
    """,
    "syn_ack_again_means_the_ack_was_lost": OPEN
    + """
        S SA 0 1 0   -> EST, RCVD
        C A  1 1 0   -> EST, EST
        C PA 1 1 5   -> EST, EST
        S A  1 6 0   -> EST, EST
    """,
    "two_answers_of_which_the_first_counts": """
        C S  0 0 0      -> SENT, -
        S SA 0 1 0      -> SENT, RCVD
        S SA 70000 1 0  -> SENT, RCVD   # another server, or another SYN cookie
        C A  1 1 0      -> EST, EST
        C A  1 1 0      -> EST, EST     # a challenge ACK
        S PA 1 1 100    -> EST, EST
        S FA 101 1 0    -> CW, FW1
        C FA 1 102 0    -> LACK, TW
    """,
    "two_answers_of_which_the_second_counts": """
        C S  0 0 0      -> SENT, -
        S SA 0 1 0      -> SENT, RCVD
        S SA 70000 1 0  -> SENT, RCVD
        C A  1 70001 0  -> EST, EST
        S PA 70001 1 100 -> EST, EST
        S FA 70101 1 0  -> CW, FW1
        C FA 1 70102 0  -> LACK, TW
    """,
    "full_backlog": OPEN
    + """
        S SA 0 1 0   -> EST, RCVD
        C A  1 1 0   -> EST, EST
        S SA 0 1 0   -> EST, RCVD
        C A  1 1 0   -> EST, RCVD    # twice dropped: only the server's own word counts now
        C PA 1 1 5   -> EST, RCVD
        S A  1 6 0   -> EST, EST
    """,
    "new_connection_out_of_time_wait": OPEN
    + """
        S FA 1 1 0      -> CW, FW1
        C FA 1 2 0      -> LACK, TW
        S A  2 2 0      -> CLOSED, TW
        C S  90000 0 0  -> SENT, -
        S SA 70000 90001 0 -> SENT, RCVD
        C A  90001 70001 0 -> EST, EST
    """,
    "fast_open": """
        C S  0 0 20    -> SENT, -
        S SA 0 21 0    -> SENT, RCVD
        S PA 1 21 300  -> SENT, RCVD
        S FA 301 21 0  -> SENT, FW1
        C A  21 302 0  -> CW, FW2
    """,
    "wrong_final_ack_changes_nothing": """
        C S  0 0 0   -> SENT, -
        S SA 0 1 0   -> SENT, RCVD
        C A  1 100 0 -> SENT, RCVD
        S R  100 0 0 -> SENT, RCVD
        C A  1 1 0   -> EST, EST
    """,
    "syn_answered_again_with_an_ack": """
        C S  0 0 0     -> SENT, -
        S SA 0 1 0     -> SENT, RCVD
        C S  0 0 0     -> SENT, RCVD
        S A  1 1 0     -> SENT, RCVD
        C S  0 0 0     -> SENT, RCVD
    """,
    "simultaneous_open_with_a_challenge": """
        C S  0 0 0     -> SENT, -
        S S  0 0 0     -> SENT, SENT
        C SA 0 1 0     -> RCVD, SENT
        C A  1 1 0     -> RCVD, SENT
        S SA 0 1 0     -> EST, EST
    """,
    "stray_syn_ack_of_a_client": """
        C S  0 0 0     -> SENT, -
        S SA 0 1 0     -> SENT, RCVD
        C SA 0 1 0     -> SENT, RCVD
        C A  1 1 0     -> EST, EST
        S SA 70000 1 0 -> EST, EST
        S PA 1 1 10    -> EST, EST
    """,
    "ack_ahead_of_an_unanswered_syn": """
        C S  0 0 0     -> SENT, -
        C A  90001 1 0 -> SENT, -
        C S  0 0 0     -> SENT, -
        S SA 0 1 0     -> SENT, RCVD
        C A  1 1 0     -> EST, EST
    """,
    "restarted_with_the_same_number": OPEN
    + TALK
    + """
        C S  0 0 0     -> EST, EST
        S A  501 101 0 -> EST, EST
        C RA 101 501 0 -> CLOSED, CLOSED
        C S  0 0 0     -> CLOSED, CLOSED
        S SA 70000 1 0 -> SENT, RCVD
        C A  1 70001 0 -> EST, EST
        C PA 1 70001 50 -> EST, EST
        S A  70001 51 0 -> EST, EST
    """,
    "refused_but_not_really": """
        C S  0 0 0     -> SENT, -
        S RA 0 1 0     -> CLOSED, CLOSED
        S SA 0 1 0     -> CLOSED, RCVD
    """,
    "syn_ack_again_at_once_tells_nothing": """
        C S   0 0 0    -> SENT, -
        S SA  0 1 0    -> SENT, RCVD
        ~ C A 1 1 0    -> EST, EST
        ~ S SA 0 1 0   -> EST, EST      # it answers a copy of the SYN
    """,
    "refused_by_a_forged_reset": """
        C S  0 0 0           -> SENT, -
        S RA 0 1 0           -> CLOSED, CLOSED
        S SA 70000 1 0       -> CLOSED, RCVD
        C A  1 70001 0       -> EST, EST
        C PA 1 70001 338     -> EST, EST
    """,
    "syn_again_to_a_port_that_closed_meanwhile": """
        C S  0 0 0           -> SENT, -
        S SA 0 1 0           -> SENT, RCVD
        C S  0 0 0           -> SENT, RCVD
        S RA 90001 1 0       -> CLOSED, CLOSED
    """,
    "scan_without_flags": """
        C P 0 0 0 -> -, -
    """,
}

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # Without the answer that counts, the numbers of what follows fit to none.
    ("two_answers_of_which_the_first_counts", 1): (State.FIN_WAIT_1, State.CLOSE_WAIT),
    # Without the other's SYN-ACK, it may be half of a simultaneous open.
    ("stray_syn_ack_of_a_client", 1): (State.SYN_RECEIVED,),
    # It is passed in the full story too, within one packet.
    ("simultaneous_open", 2): (State.SYN_RECEIVED,),
}
