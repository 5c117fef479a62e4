"""What each state means, how often it is normal, and what many connections in it point to."""

from __future__ import annotations

from ..tcp.states import State
from .language import Meaning
from .languages import language_of
from .styles import WINDOWS, Style

ORDER = (
    State.LISTEN,
    State.SYN_SENT,
    State.SYN_RECEIVED,
    State.ESTABLISHED,
    State.FIN_WAIT_1,
    State.FIN_WAIT_2,
    State.CLOSE_WAIT,
    State.CLOSING,
    State.LAST_ACK,
    State.TIME_WAIT,
    State.CLOSED,
    State.UNKNOWN,
)
"""The order in which they are explained: that of RFC 9293 §3.3.2."""

MEANINGS = {
    State.LISTEN: Meaning(
        "A server waits for connections on this port. There is no peer yet.",
        "One for each port in service, as long as the service runs. A capture shows only ports that answered a SYN.",
        "Nothing: it does not pile up. An unexpected port may be a forgotten or unwanted service. If connections to a "
        "port that should listen are refused, the service is down.",
    ),
    State.SYN_SENT: Meaning(
        "The client has sent a SYN and waits for the SYN-ACK.",
        "For one round-trip time whenever a connection opens: a few milliseconds, so it is rarely seen.",
        "Nothing answers: the server is down or unreachable, the address or port is wrong, or a firewall silently "
        "drops the SYN (a closed port would answer with a RST). If one host tries many addresses or ports, it is a "
        "scan, or malware that looks for victims.",
    ),
    State.SYN_RECEIVED: Meaning(
        "The server has answered a SYN with a SYN-ACK and waits for the ACK that completes the handshake. Rarely, "
        "both ends have sent a SYN at the same time.",
        "For one round-trip time whenever a connection opens; a busy server always has a few.",
        "A SYN flood, especially if many addresses never send the ACK. Otherwise SYN-ACKs or ACKs are lost on the path "
        "(asymmetric routes, a firewall that sees one direction only), or the server's accept queue is full because "
        "the application accepts too slowly.",
    ),
    State.ESTABLISHED: Meaning(
        "The connection is open: both ends can send data.",
        "The usual state of a connection in use, for seconds or for days. Servers and connection pools keep idle ones "
        "open on purpose.",
        "More clients than expected, a client or pool that opens connections and never closes them, or peers that "
        "vanished silently (without keep-alive, nobody notices). Check the age and the time of the last packet.",
    ),
    State.FIN_WAIT_1: Meaning(
        "This end closed first: it has sent its FIN and waits for the ACK.",
        "For one round-trip time whenever a connection closes; longer while data before the FIN is still in flight.",
        "The peer no longer acknowledges anything: it crashed, lost its network, or a firewall dropped the connection "
        "from its table. Or its receive window stays at zero, so that data before the FIN cannot be sent.",
    ),
    State.FIN_WAIT_2: Meaning(
        "This end closed first, and its FIN is acknowledged. It waits for the FIN of the peer, which may still send "
        "data.",
        "Briefly whenever a connection closes; longer if the peer still has data to send (half-close). Linux drops a "
        "connection that no process holds any more after 60 seconds.",
        "The peer's application does not close: its end is in {CLOSE_WAIT}, and the fault is there. If the peer "
        "vanished, its FIN will never come.",
    ),
    State.CLOSE_WAIT: Meaning(
        "The peer closed first: its FIN has arrived. The application on this end has not closed its socket yet.",
        "Briefly, until the application notices that its peer closed, and closes too. Longer only if it still has data "
        "to send.",
        "A bug in the application on this end: it forgets to close its sockets (a leak), or hangs. They stay until the "
        "process closes them or ends, and eventually file descriptors run out. A restart helps only for a while.",
    ),
    State.CLOSING: Meaning(
        "Both ends sent their FIN at nearly the same time. This end has received the peer's FIN, but not yet the ACK "
        "of its own.",
        "Rarely, and for one round-trip time.",
        "Very unusual. ACKs are lost, or the peer vanished while closing. Look for packet loss, or for a firewall that "
        "drops the last packets of connections.",
    ),
    State.LAST_ACK: Meaning(
        "The peer closed first; this end has now sent its FIN too, and waits for the last ACK.",
        "For one round-trip time whenever a connection closes.",
        "The last ACK does not arrive: the peer is gone, or a firewall or NAT on the path dropped the connection from "
        "its table too early. This end retransmits its FIN until it gives up.",
    ),
    State.TIME_WAIT: Meaning(
        "Both ends have closed. The end that sent the last ACK, usually the one that closed first, keeps the pair of "
        "addresses and ports for 2 MSL. Late packets cannot get into a new connection that way, and a lost last ACK "
        "can be sent again.",
        "After each connection, on the end that closed first: 60 seconds on Linux, 4 minutes by RFC 9293. Thousands on "
        "a busy server or proxy are normal.",
        "Many short connections that this end closes. This is harmful only if one client opens so many to the same "
        "address and port that its local ports run out. Reuse connections (keep-alive, a pool), or let the other end "
        "close first.",
    ),
    State.CLOSED: Meaning(
        "There is no connection: not yet, or no longer. netstat rarely lists it; timeline and connections do.",
        "A client's connection begins here, and each connection ends here.",
        "Nothing: it takes no resources. Connections that went from {SYN_SENT} straight to {CLOSED} were refused; "
        "those that a RST ended were aborted. pcapstate connections shows which, in its column Outcome.",
    ),
    State.UNKNOWN: Meaning(
        "Not a state of TCP: the packets do not show the state of this end.",
        "For the target of a SYN until it answers, and if the capture begins in the middle of a connection.",
        "Hosts that do not answer SYNs (a scan, a firewall that drops them), a capture of one direction only "
        "(asymmetric routes, a mirror port that misses half), or packets missing from the capture.",
    ),
}


def meaning(state: State, language: str = "en", style: Style = WINDOWS) -> Meaning:
    """Return what there is to say about a state, in a language of ``LANGUAGES``."""
    spelled = {one.name: text for one, text in style.states.items()}
    return Meaning(*(text.format_map(spelled) for text in language_of(language).meanings.get(state, MEANINGS[state])))
