"""The stories that several tests play: one situation each, in the language of ``stories``."""

from __future__ import annotations

from pcapstate.tcp.states import State

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
    "reset_of_the_handshake": """
        C S  0 0 0 -> SENT, -
        S SA 0 1 0 -> SENT, RCVD
        C R  1 0 0 -> CLOSED, CLOSED
    """,
    "reset_out_of_window_is_stray": OPEN
    + TALK
    + """
        S RA 9000 101 0 -> EST, EST
        S R  200 0 0    -> EST, EST
    """,
    "reset_that_does_not_acknowledge_the_syn": """
        C S  0 0 0  -> SENT, -
        S RA 0 77 0 -> SENT, -
        S R  0 0 0  -> SENT, -
    """,
    "reset_ends_time_wait": OPEN
    + """
        C FA 1 1 0 -> FW1, CW
        S FA 1 2 0 -> TW, LACK
        C A  2 2 0 -> TW, CLOSED
        S R  2 0 0 -> CLOSED, CLOSED
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
    "new_connection_out_of_time_wait": OPEN
    + """
        S FA 1 1 0      -> CW, FW1
        C FA 1 2 0      -> LACK, TW
        S A  2 2 0      -> CLOSED, TW
        C S  90000 0 0  -> SENT, -
        S SA 70000 90001 0 -> SENT, RCVD
        C A  90001 70001 0 -> EST, EST
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
    "only_syn_fin_and_rst_captured": """
        C S  0 0 0      -> SENT, -
        S SA 0 1 0      -> SENT, RCVD
        S RA 1501 19 0  -> CLOSED, CLOSED
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
    "reset_behind_a_fin_that_is_not_captured": OPEN
    + TALK
    + """
        S RA 502 101 0 -> EST, CLOSED
        C A  101 501 0 -> EST, CLOSED   # it challenges
        S R  501 0 0   -> CLOSED, CLOSED
    """,
    "joined_at_keepalives_that_end_in_a_reset": """
        C A  0 1 0     -> EST, EST
        C A  0 1 0     -> EST, EST
        C RA 1 1 0     -> CLOSED, CLOSED
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
    "reset_with_the_number_of_a_fin": OPEN
    + TALK
    + """
        S FA 501 101 0 -> CW, FW1
        C A  101 502 0 -> CW, FW2
        S R  501 0 0   -> CLOSED, CLOSED
    """,
    "only_syn_and_fin_captured": """
        C S  0 0 0           -> SENT, -
        S SA 0 1 0           -> SENT, RCVD
        C FA 1000001 4001 0  -> -, -
        S FA 4001 1000002 0  -> TW, LACK
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
    "data_again_is_no_fin_again": OPEN
    + """
        C PA 1 1 100         -> EST, EST
        C FA 101 1 0         -> FW1, CW
        C PA 1 1 100         -> FW1, CW
    """,
    "refused_by_a_forged_reset": """
        C S  0 0 0           -> SENT, -
        S RA 0 1 0           -> CLOSED, CLOSED
        S SA 70000 1 0       -> CLOSED, RCVD
        C A  1 70001 0       -> EST, EST
        C PA 1 70001 338     -> EST, EST
    """,
    "fins_cross_and_are_cut_off": OPEN
    + """
        C FA 1 1 0           -> FW1, CW
        ~ S FPA 1 1 24       -> CLOSING, CLOSING
        ~ C R 2 0 0          -> CLOSED, CLOSED
    """,
    "far_fin_behind_a_handshake_is_a_stray": OPEN
    + """
        C FA 900000001 1 0   -> EST, EST
        S A  1 1 0           -> EST, EST
        C PA 1 1 10          -> EST, EST
        S A  1 11 0          -> EST, EST
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

NAMES = list(STORIES)

SUPPORTED: dict[tuple[str, int], tuple[State, ...]] = {
    # A FIN arrives at a client that looks open; what is missing before its ACK may be data as well as a FIN.
    ("simultaneous_close", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("simultaneous_close", 4): (State.FIN_WAIT_2,),
    # Its peer's FIN is behind a hole, so it seems to close first.
    ("one_direction_client_that_closes_first", 2): (State.FIN_WAIT_2,),
    # The FIN that is missing was its own, or a byte of data.
    ("one_direction_client_that_closes_first", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    # Nothing tells whether the second FIN arrived before its peer sent again, or was lost like the first.
    ("fins_sent_again_cross", 7): (State.FIN_WAIT_2,),
    ("fins_sent_again_cross", 0): (State.FIN_WAIT_2,),
    # Its peer's FIN is not there.
    ("ack_written_before_what_it_acknowledges", 6): (State.FIN_WAIT_2, State.CLOSE_WAIT),
    ("ack_written_before_what_it_acknowledges", 7): (State.LAST_ACK,),
    ("fins_written_in_the_wrong_order", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
    # Without the answer that counts, the numbers of what follows fit to none.
    ("two_answers_of_which_the_first_counts", 1): (State.FIN_WAIT_1, State.CLOSE_WAIT),
    # No FIN of its peer is there.
    ("fin_again_at_once_tells_nothing", 4): (State.FIN_WAIT_2,),
    # Its peer's FIN comes again, and nothing tells that it has arrived.
    ("fin_again_means_the_last_ack_was_lost", 4): (State.FIN_WAIT_2,),
    ("fin_again_means_the_last_ack_was_lost", 5): (State.FIN_WAIT_2,),
    # Its FIN that is there comes behind its peer's, and acknowledges that.
    ("fin_again_at_once_tells_nothing", 3): (State.CLOSE_WAIT, State.LAST_ACK, State.FIN_WAIT_1),
    # Without its own FIN, or the RST, its peer's FIN finds it open.
    ("reset_out_of_closing", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
    ("reset_out_of_closing", 4): (State.FIN_WAIT_2,),
    ("stray_fin_in_the_window", 9): (State.CLOSE_WAIT, State.CLOSING, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("fin_behind_a_forged_reset", 3): (State.CLOSE_WAIT,),
    # Without the data, nothing tells that its number was taken.
    ("fin_where_data_was", 3): (State.FIN_WAIT_2, State.CLOSE_WAIT),
    # Without the other's SYN-ACK, it may be half of a simultaneous open.
    ("stray_syn_ack_of_a_client", 1): (State.SYN_RECEIVED,),
    # Its peer's FIN comes again, and nothing tells that it has arrived.
    ("time_wait_that_outlives_resets", 4): (State.FIN_WAIT_2,),
    ("time_wait_that_outlives_resets", 5): (State.FIN_WAIT_2,),
    # Without the SYN-ACK, or the ACK of what is missing, its peer's FIN may have come first.
    ("only_syn_and_fin_captured", 1): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("only_syn_and_fin_captured", 2): (State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2),
    ("fin_behind_a_gap_wider_than_the_window", 1): (State.FIN_WAIT_1,),
    ("fin_behind_a_gap_wider_than_the_window", 3): (State.FIN_WAIT_1,),
    ("fin_behind_a_gap_wider_than_the_window", 4): (State.FIN_WAIT_1,),
    # Joined later, it has no hole.
    ("joined_late_at_a_fin_that_acknowledges_one", 0): (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT),
    ("one_direction_whose_first_bytes_are_missing", 0): (State.CLOSE_WAIT,),
    ("one_direction_fin_again", 0): (State.CLOSE_WAIT, State.FIN_WAIT_2),
    ("one_direction_fin_again", 2): (State.FIN_WAIT_2,),
    # Without its own FIN, or the SYN-ACK, the other's FIN finds it open; and a far one may be real.
    ("fins_cross_and_are_cut_off", 3): (State.CLOSE_WAIT, State.FIN_WAIT_1),
    ("far_fin_behind_a_handshake_is_a_stray", 1): (State.FIN_WAIT_1, State.FIN_WAIT_2, State.CLOSE_WAIT),
    # It is passed in the full story too, within one packet.
    ("simultaneous_open", 2): (State.SYN_RECEIVED,),
}
