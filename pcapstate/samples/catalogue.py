"""The samples, in rising difficulty: what each shows, and what to ask students of it.

tests/real_stacks/record_samples.py records them between two Linux kernels, and keeps what the packets and the kernels'
own states agree on. A capture stands at the client unless ``at_server``; the one without a packet at its sender, so
that the packet is seen to leave.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

CAPTURES = Path(__file__).parent / "captures"


class Sample(NamedTuple):
    """A recorded exchange; texts in English."""

    name: str
    title: str
    shows: str
    ask: tuple[str, ...]
    """Questions for students."""
    without: tuple[int, ...] = ()
    """The numbers of the packets without which it was recorded, too: they were lost on their way."""
    at_server: bool = False
    connection: int = 0
    """The connection that it is about."""
    lost: int | None = None
    """The packet without which it was chosen, one of ``without``; None: the whole exchange."""


SAMPLES = (
    Sample(
        "client-closes-first",
        "A whole connection, closed by the client",
        "The three-way handshake, a request and its answer, and four segments that close: the client ends in "
        "TIME_WAIT, the server in CLOSED.",
        (
            "Which packet makes each side ESTABLISHED, and why not the same one?",
            "Why does the client wait in TIME_WAIT, and the server does not?",
        ),
        without=tuple(range(1, 12)),
    ),
    Sample(
        "server-closes-first",
        "The same, closed by the server",
        "The server sends the first FIN, as many do after a response: now the server ends in TIME_WAIT.",
        (
            "Which side has to do something in CLOSE_WAIT, and what?",
            "A busy server has thousands of sockets in TIME_WAIT: which side closes first?",
        ),
        without=(8, 10),
    ),
    Sample(
        "three-segment-close",
        "A close in three segments",
        "The server closes as soon as it gets the FIN: one segment acknowledges it and carries the server's own FIN.",
        ("Which state does the client skip, and which one lasts no time at the server?",),
        without=(8, 9, 10),
    ),
    Sample(
        "refused",
        "A connection that is refused",
        "No program listens on the port: the server answers the SYN with a RST.",
        (
            "How does the client know at once that nobody listens?",
            "What would the capture show if a firewall dropped the SYN instead?",
        ),
        without=(1, 2),
    ),
    Sample(
        "filtered",
        "A connection that nobody answers",
        "Every SYN is lost, as behind a firewall that drops them: the client sends it again, until it gives up, which "
        "no packet shows.",
        ("In which state is the client while it waits, and what can be said of the server?",),
    ),
    Sample(
        "reset",
        "A connection that is reset",
        "The client aborts instead of closing: one RST ends both sides, without FIN and without TIME_WAIT.",
        ("Which side learns last that the connection has ended, and from which packet?",),
        without=(8,),
    ),
    Sample(
        "reset-with-unread-data",
        "A close that becomes a reset",
        "The server closes before it has read what came: Linux sends a RST instead of a FIN, so that the client "
        "learns that data was lost.",
        ("The server's program called close(): why is there no FIN?",),
    ),
    Sample(
        "half-close",
        "Half closed: one side still sends",
        "The client closes its direction and waits in FIN_WAIT_2; the server sends on in CLOSE_WAIT, then closes.",
        (
            "What does the client wait for in FIN_WAIT_2? Its FIN has been acknowledged.",
            "How long may the server stay in CLOSE_WAIT?",
        ),
        without=(8, 9, 10, 12),
    ),
    Sample(
        "lost-syn-ack",
        "The SYN-ACK is lost",
        "Captured at the server: its SYN-ACK leaves and never arrives, so both ends send again.",
        ("The server is in SYN_RECEIVED: what is the client in, and which packet shows it?",),
        at_server=True,
    ),
    Sample(
        "lost-last-ack",
        "The last ACK is lost",
        "The server's FIN comes again, since no ACK of it has arrived; TIME_WAIT is there to answer it.",
        ("What would the server get for its second FIN if the client had not waited?",),
    ),
    Sample(
        "simultaneous-open",
        "Both ends open at once",
        "Two SYNs cross: each end goes from SYN_SENT to SYN_RECEIVED, and no port listens.",
        ("Where do you see that neither end is a server in the usual sense?",),
    ),
    Sample(
        "simultaneous-close",
        "Both ends close at once",
        "Two FINs cross: both ends pass through CLOSING and end in TIME_WAIT.",
        ("How does an end know that the other's FIN was sent before its own arrived?",),
        without=(10,),
    ),
    Sample(
        "zero-window",
        "A receiver that does not read",
        "The receive buffer fills up and the window becomes 0; the sender probes until there is room again. No state "
        "changes.",
        ("Why must the sender probe, instead of waiting for the next ACK?",),
    ),
    Sample(
        "keep-alive-unanswered",
        "Keep-alives to a host that is gone",
        "Nothing answers the keep-alives any more: the client gives up with a RST.",
        ("What does the server's side look like in netstat, if that host still runs?",),
    ),
    Sample(
        "half-open",
        "Half open: one end has crashed",
        "The client has crashed and lost the connection, without a FIN or a RST. The server notices only when it "
        "sends: the host answers its data with a RST.",
        ("In which state was the server until then, and for how long could it have stayed there?",),
        without=(4, 5),
    ),
    Sample(
        "fin-behind-a-hole",
        "A FIN behind lost data",
        "Captured at the server: data before the FIN is lost. The FIN arrives and does not count: the server stays "
        "ESTABLISHED until the data comes again.",
        ("Which acknowledgment number shows that the server has not accepted the FIN?",),
        at_server=True,
    ),
    Sample(
        "time-wait-reuse",
        "TIME_WAIT, and a new connection with the same ports",
        "The client is in TIME_WAIT when it opens the same connection again: the new SYN takes its place.",
        ("What keeps old packets out of the new connection?",),
    ),
    Sample(
        "full-accept-queue",
        "An accept queue that is full",
        "The program does not accept: the server drops the last ACK of the handshake and stays in SYN_RECEIVED, "
        "while the client is ESTABLISHED.",
        ("What would netstat show on each host?",),
        connection=3,
    ),
    Sample(
        "syn-cookies",
        "SYN cookies",
        "Under a flood of SYNs the server keeps nothing before the ACK: the packets are those of any handshake.",
        ("Which state do the packets suggest that netstat on the server never shows?",),
    ),
    Sample(
        "fast-open",
        "Fast open: data in the SYN",
        "The first connection fetches a cookie; in the second the SYN carries data, and the server may answer before "
        "the handshake is over.",
        ("How many round trips does the first byte of the answer take, with fast open and without?",),
        connection=1,
    ),
)


def sample_named(name: str) -> Sample | None:
    """Return the sample with a name."""
    return next((one for one in SAMPLES if one.name == name), None)


def capture_of(sample: Sample, without: int | None = None) -> Path:
    """Return the capture of a sample, or that in which a packet of ``sample.without`` was lost."""
    lost = "" if without is None else f".without-{without}"
    return CAPTURES / f"{sample.name}{lost}.pcap"
