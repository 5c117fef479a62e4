"""What a packet of a connection means, where no change of a state explains it; the transitions have their own reasons.

``{sender}``, ``{receiver}`` and ``{end}`` are "client" or "server". Sequence numbers are relative, packets are
``frame.number``; a field with a noun is a count (``wording.counts.Count``). ``{TIME_WAIT}`` and the like stand for
states, spelled as the style does.
"""

from __future__ import annotations

from .counts import Count
from .languages import translate
from .styles import WINDOWS, Style

EXPLANATIONS = {
    # --- numbers
    "relative-numbers": "Sequence numbers are shown relative to the first one of each end; the real first number of "
    "the {sender} is {initial:d} (RFC 9293 §3.4.1).",
    "fin-number": "A FIN takes one sequence number, the one after the last byte of data: {fin:d} (RFC 9293 §3.4).",
    "first-number": "The real first number of the {sender} is {initial:d}.",
    "ack-of-syn": "ack {ack:d} = {seq:d} + 1: the SYN with number {seq:d} has arrived, and a SYN takes one number "
    "(RFC 9293 §3.4).",
    "ack-of-syn-data": "ack {ack:d} = {seq:d} + 1 + {length:d}: the SYN with number {seq:d} has arrived, and "
    "{length:byte|bytes} of data with it (RFC 7413).",
    "ack-of-data": "ack {ack:d} = {seq:d} + {length:d}: packet #{number:d}, with {length:byte|bytes} from {seq:d} on, "
    "has arrived, and all data before it (RFC 9293 §3.4).",
    "ack-of-all": "ack {ack:d}: all data before this number has arrived (RFC 9293 §3.4).",
    "ack-of-fin": "ack {ack:d} = {fin:d} + 1: the FIN with number {fin:d} has arrived, and a FIN takes one number "
    "(RFC 9293 §3.4).",
    "ack-before-fin": "The {sender} asks for number {ack:d} next, so it does not have the FIN with number {fin:d} yet "
    "(RFC 9293 §3.4).",
    "repeated-ack": "The {sender} repeats ack {ack:d}: later data has arrived, but the data from number {ack:d} on is "
    "missing (RFC 5681 §3.2).",
    # --- the state stays as it is
    "data": "The {sender} sends {length:byte|bytes}; data does not change a state.",
    "pure-ack": "An ACK without data takes no sequence number, so nothing acknowledges it in turn (RFC 9293 §3.5).",
    "syn-data": "The SYN already carries {length:byte|bytes}, as fast open allows (RFC 7413).",
    "retransmission": "The {sender} sends this again, because no ACK of it has arrived (RFC 9293 §3.8.1).",
    "lost-ack": "Packet #{number:d} had acknowledged this, so that ACK was lost or late.",
    "duplicate": "The capture has this packet twice; the {sender} sent it once, so the copy changes nothing.",
    "keep-alive": "Keep-alive: the {sender} repeats a number that was acknowledged before, only to hear whether the "
    "{receiver} is still there (RFC 9293 §3.8.4).",
    "keep-alive-answer": "The {sender} answers the keep-alive, so it still has the connection (RFC 9293 §3.8.4).",
    "zero-window": "The {sender} advertises a window of 0: its receive buffer is full, so the {receiver} must wait "
    "(RFC 9293 §3.8.6).",
    "window-probe": "The {sender} probes the closed window: the answer tells whether it may send again "
    "(RFC 9293 §3.8.6.1).",
    "window-open": "The {sender} has room again: its window is no longer 0 (RFC 9293 §3.8.6).",
    "windows-scaled": "Both SYNs have the window scale option: from now on a window of the {receiver} counts "
    "{theirs:byte|bytes} for each 1, one of the {sender} {own:byte|bytes} (RFC 7323 §2).",
    "windows-not-scaled": "Only one SYN has the window scale option, so no window is scaled (RFC 7323 §2.2).",
    "fast-open": "The fast open option asks for a cookie or shows one, with which a SYN may carry data (RFC 7413).",
    "lost": "No ACK of this is in the capture before packet #{number:d} sends it again: it was lost, or its ACK was.",
    "ack-not-taken": "Packet #{number:d} had acknowledged this: that ACK was lost, or the {end} does not take it, "
    "because its accept queue is full or it waits for data first (deferred accept).",
    "gap": "Before this packet, {missing:sequence number is|sequence numbers are} missing: lost on the way, overtaken, "
    "or not captured.",
    "gap-filled": "This packet brings what was missing before packet #{number:d}.",
    "acknowledged-unseen": "The {sender} acknowledges {missing:sequence number that is|sequence numbers that are} not "
    "in the capture: the data arrived, but the capture missed it.",
    "fin-behind-gap": "Data before the FIN is missing, and a FIN counts only after it: the state of the {receiver} "
    "does not change yet (RFC 9293 §3.10.7.4).",
    "icmp-error": "ICMP reports that a packet of the {end} was not delivered; most systems do not close an open "
    "connection for that (RFC 5927 §5.2).",
    "rst-out-of-window": "The RST has number {seq:d}, outside the window of the {receiver}, which drops it silently "
    "(RFC 9293 §3.10.7.4).",
    "rst-challenged": "The RST has number {seq:d}, but the {receiver} expects {expected:d}: the RST may be forged, so "
    "a challenge ACK answers it (RFC 9293 §3.10.7.4).",
    "syn-challenged": "The {end} still has a connection with these addresses and ports, so a challenge ACK "
    "answers the SYN (RFC 9293 §3.10.7.4).",
    "refusal": "The {sender} refuses the SYN with a RST, usually because no program listens on the port; it stays "
    "{CLOSED} (RFC 9293 §3.10.7.1).",
    # --- what is assumed
    "syn-target": "A captured SYN may still be lost: the state of the {receiver} is unknown until it answers.",
    "syn-ack-under-way": "The SYN-ACK may still be lost: the {receiver} is in {SYN_SENT} until its ACK shows that the "
    "SYN-ACK has arrived.",
    "capture-ends": "The capture ends here; what the ends did afterwards is unknown.",
    # --- opening and closing
    "handshake-complete": "Both SYNs are acknowledged: the three-way handshake is complete (RFC 9293 §3.5).",
    "simultaneous-open": "Both ends sent a SYN before they got the other's: a simultaneous open (RFC 9293 §3.5, "
    "figure 7).",
    "closed-first": "The {end} closed first, with packet #{number:d} (RFC 9293 §3.6).",
    "simultaneous-close": "Both ends sent a FIN before they got the other's: a simultaneous close (RFC 9293 §3.6, "
    "figure 13).",
    "half-close": "The {sender} has closed its direction only: the {receiver} can still send (RFC 9293 §3.6.1).",
    "fin-with-ack": "One segment acknowledges the FIN and closes the other direction, so this close takes three "
    "segments instead of four.",
    "time-wait": "The {end} waits for 2 MSL ({wait}): it can repeat the last ACK, and late packets cannot get into a "
    "new connection (RFC 9293 §3.6.1).",
    "time-wait-again": "The FIN comes again, so the last ACK has not arrived: the {receiver} repeats it, and its 2 MSL "
    "start again (RFC 9293 §3.10.7.4).",
    "time-wait-reuse": "A new SYN may end {TIME_WAIT} early, if no old packet can be mistaken for one of the new "
    "connection (RFC 9293 §3.6.1).",
    "reset": "A RST that is accepted ends both directions at once, and data on the way is lost (RFC 9293 §3.6).",
}
"""The sentence for each case, in English."""


def explanation(name: str, language: str = "en", style: Style = WINDOWS, **fields: int | str) -> str:
    """Return a sentence of ``EXPLANATIONS`` in a language of ``LANGUAGES``.

    A text in ``fields`` is translated, if it is one of the program's.
    """
    spelled = {state.name: text for state, text in style.states.items()}
    given = {key: translate(one, language) if isinstance(one, str) else Count(one) for key, one in fields.items()}
    return translate(EXPLANATIONS[name], language).format(**spelled, **given)
