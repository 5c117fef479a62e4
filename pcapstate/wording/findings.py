"""The texts of all findings: templates in English, which ``languages`` translates.

The rules give the fields. ``{count:connection|connections}`` is a number with its noun, ``{count:=is|are}`` only the
word that agrees with the number (``findings.finding.Count``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """The texts of one kind of finding."""

    title: str
    text: str
    next: str
    """What to do."""
    also: Mapping[str, str] = {}
    """Further sentences, by the name that a rule gives when they hold."""
    instead: Mapping[str, str] = {}
    """What to do instead of ``next``, by the name that a rule gives when it holds."""


KINDS: dict[str, Kind] = {
    # --- of connections that work badly
    "syn-flood": Kind(
        "Possible SYN flood: {count:handshake|handshakes} with {host} begun and abandoned",
        "Within {span}, {addresses:address|addresses} sent SYNs to {where} and then nothing else: no ACKs, and almost "
        "no retransmitted SYNs, which real clients would send.",
        "Check that SYN cookies are on (Linux: net.ipv4.tcp_syncookies) and where the packets come from. The source "
        "addresses of a flood are usually forged.",
        {
            "answered": "The server answered {answered} of them; each answer takes a slot in its queue.",
            "unanswered": "The server answered none of them.",
        },
    ),
    "queue-full": Kind(
        "{where} dropped the ACKs that complete handshakes ({count:connection|connections})",
        "The clients acknowledged the SYN-ACK, but the server retransmitted it at least twice: it does not accept the "
        "connections. Clients: {clients}.",
        "Check whether the program that listens on {where} accepts connections fast enough, and how long a queue it "
        "asks for (the listen backlog; Linux: ss -ltn, nstat -az TcpExtListenOverflows).",
        {
            "waiting": "{waiting:connection is|connections are} open on the client but not on the server.",
            "data ignored": "On {spoke:connection|connections} the client also sent data, which was not accepted: the "
            "accept queue is full.",
            "perhaps deferred": "Either the accept queue is full, or the server waits for data from the client before "
            "it accepts (TCP_DEFER_ACCEPT).",
        },
    ),
    "syns-dropped": Kind(
        "No answer from {where} to some SYNs ({count:attempt|attempts})",
        "{syns:SYN|SYNs} got no answer for {waited}, not even a RST, although other connections to the port were "
        "answered. Clients: {clients}.",
        "Check the accept queue first: Linux drops SYNs while it is full. Does the program on {where} accept "
        "connections fast enough, and how long a queue does it ask for (the listen backlog; Linux: ss -ltn, nstat -az "
        "TcpExtListenOverflows TcpExtListenDrops)? Then check for anything that limits new connections, such as a load "
        "balancer or a firewall.",
        {
            "before": "The port had sent packets {before} before one of these attempts.",
            "after": "The port sent packets {after} after one of these attempts.",
            "acks, too": "It also drops ACKs that complete handshakes, so the queue is full.",
            "nothing since": "The host has sent nothing at all since then, so it may also be down.",
            "other clients": "None of these clients was answered, but others were: a firewall may drop these clients' "
            "packets only.",
        },
    ),
    "close-wait-left": Kind(
        "{count:connection|connections} left in CLOSE_WAIT on {host}",
        "The peer closed: it sent a FIN, and {host} acknowledged it. Since then, for {age}, {host} has neither closed "
        "nor sent anything. Servers: {servers}.",
        "Check the program on {host} that owns these connections: it does not notice that its peer closed, or forgets "
        "to close the socket. Each connection holds a file descriptor until the program ends.",
    ),
    "half-open": Kind(
        "{count:connection|connections} forgotten by {host} but still open on the peer",
        "A segment from the peer was answered by a RST without ACK, the answer of a host that has no such connection "
        "(RFC 9293 §3.5.2). But {host} never closed the connection, and had sent nothing for {silence}. Peers: "
        "{peers}.",
        "Either {host} was restarted in the meantime, or a firewall, NAT or load balancer on the path dropped the idle "
        "connection from its table and answers on behalf of {host}. Keep-alives at intervals shorter than that timeout "
        "prevent it.",
    ),
    "fell-silent": Kind(
        "{host} stopped answering on {count:open connection|open connections}",
        "Nothing came back for {silence}. Peers: {peers}.",
        "Check whether {host} is up and still reachable. A host that is up but has lost the connection would answer "
        "with a RST.",
        {
            "repeats": "Segments to {host} were retransmitted {repeats:time|times}.",
            "probes": "{probes:keep-alive or window probe was|keep-alives or window probes were} not answered.",
        },
    ),
    "zero-window": Kind(
        "{host} did not accept data for {longest} ({count:connection|connections})",
        "It advertised a zero receive window {times:time|times} in all: its buffer was full because its program did "
        "not read. Its peer has to wait that long. Peers: {peers}.",
        "Check what the program on {host} does during that time: it is too slow for the data it is sent, or it hangs.",
        {"still": "On {still:connection|connections} the window is still zero."},
    ),
    "sent-again": Kind(
        "{share} of what {host} sent to {peers} was retransmitted",
        "{again} of {sent:packet|packets} are retransmissions, on {count:connection|connections}: packets or their "
        "acknowledgments are lost, or arrive late.",
        "Look for loss on the path: errors and drops on interfaces and switches, a saturated link or policer, a duplex "
        "mismatch, bad radio. Captures from both ends, compared, show where.",
    ),
    "time-wait-ports": Kind(
        "TIME_WAIT holds {ports:port|ports} of {host} towards {server}",
        "{host} closes its connections to {server} first, so each connection leaves its port in TIME_WAIT. The ports "
        "are between {lowest} and {highest}. They are {of_linux} of the {linux} ephemeral ports of Linux (default), "
        "and {of_windows} of the {windows} of Windows, macOS and IANA.",
        "Reuse connections (keep-alive, a pool), or let the server close first. More addresses or a wider port range "
        "postpone the problem (Linux: ip_local_port_range, tcp_tw_reuse).",
        {"rate": "{rate} connections began each second."},
    ),
    "ports-reused": Kind(
        "{host} reused ports to {server} that were still in TIME_WAIT ({count:connection|connections})",
        "The previous connection on the same port had ended only {rested} earlier. This happened on {ports:port|ports}"
        ". A server that is itself in TIME_WAIT may refuse or ignore such a SYN.",
        "Either {host} runs out of ports towards {server}, or its program binds a fixed port.",
    ),
    "reset-in-request": Kind(
        "{count:connection|connections} to {where} reset in the middle of a request",
        "Of {all:connection|connections} to it, {count} got a RST while a request was unanswered, after {sent} bytes "
        "from the client and {received} from the server. Clients: {clients}.",
        "Check what the program on {where} did at these times: a program that crashes, restarts or hits a limit resets "
        "the connections it is working on. If the time after the request is always the same, it is a timeout: of the "
        "program, of a proxy or firewall on the path, or of the client.",
        {
            "by server": "The server reset {by_server}, {server_waited} after the end of the request.",
            "by client": "The client reset {by_client}, {client_waited} after the end of its own request: it gave up "
            "waiting, or was terminated.",
            "not acknowledged": "On {lost:connection|connections} part of the request was never acknowledged.",
            "others": "{others:other|others} to it {others:=was|were} reset at other points.",
        },
    ),
    "reset-in-answer": Kind(
        "{count:connection|connections} to {where} reset right after an answer: {by_client} by the client, "
        "{by_server} by the server",
        "The RST came {quiet} after the last data from the server, after {sent} bytes from the client and {received} "
        "from the server. All data was acknowledged; packets do not show whether the answer was complete. Clients: "
        "{clients}.",
        "Where the server resets, check what its program did at these times: a crash resets connections in the middle "
        "of an answer, and so does closing with part of a request unread. Where clients reset, they had what they "
        "wanted, as health checks do, or the user moved on.",
    ),
    "reset-lost-data": Kind(
        "{host} reset {count:connection|connections} with data in flight",
        "The data was not acknowledged when the RST came, so it may never have been read. Peers: {peers}.",
        "Check why the program on {host} ends connections this way: a RST is sent when it closes with unread data, "
        "when it is killed, or when it asks for a RST (SO_LINGER 0).",
        {
            "own": "{own:byte|bytes} sent by {host}.",
            "theirs": "{theirs:byte|bytes} sent to {host}.",
            "little": "Such a small amount may be the closing alert of TLS, and no loss.",
            "late": "{host} had already closed, so nothing read what arrived afterwards: the peer may believe that it "
            "was read.",
        },
    ),
    "unanswered": Kind(
        "No answer from {where} ({count:attempt|attempts})",
        "{syns:SYN|SYNs} got no answer for {waited}, not even a RST. Clients: {clients}.",
        "Check whether a firewall drops packets to {where}, whether the host is up, and whether address and route are "
        "right. A host that is up and not filtered would at least answer with a RST.",
        {"answered before": "It answered earlier: its last packet came {ago} before these SYNs."},
        {
            "host is up": "The host is up: it sent other packets during that time. Check whether a firewall on the "
            "path or on the host drops packets to {where}. A port that is merely closed would answer with a RST."
        },
    ),
    "refused": Kind(
        "Connections refused by {where} ({count:attempt|attempts})",
        "A RST answered the SYN: nothing listens on that port, or a firewall rejects the connection on its behalf. "
        "Clients: {clients}.",
        "Check whether the service runs and listens on that address and port, and whether the clients use the right "
        "port.",
        {
            "others accepted": "It accepted other connections: the service was started or stopped in between, or "
            "rejects some."
        },
    ),
    "unreachable": Kind(
        "{where} unreachable ({count:attempt|attempts})",
        "An ICMP error answered the SYN: a router, a firewall or the host itself reports that it cannot be delivered. "
        "Clients: {clients}.",
        "Check the sender and the code of the ICMP error. If there is no route or no such host, check address and "
        "routes; if it is prohibited, the rules of that firewall.",
    ),
    "answered-late": Kind(
        "{share} of SYNs to {where} answered only after a retransmission",
        "Of {answered:connection|connections}, {count} got the SYN-ACK {delay} after their first SYN, from "
        "{clients:client|clients}: the listener's queue was full at the time, or SYNs were lost.",
        "Check the listener's queue (Linux: nstat -az TcpExtListenDrops), then loss on the path.",
    ),
    "never-completed": Kind(
        "{count:handshake|handshakes} with {where} never completed",
        "The server answered with a SYN-ACK, but the client did not acknowledge it for {waited}. Clients: {clients}.",
        "Check whether the SYN-ACK reaches the client: it may take another route, or a firewall that did not see the "
        "SYN drops it. A client that is gone, or a forged address, does not answer either.",
    ),
    "port-scan": Kind(
        "Port scan of {target} by {host}",
        "It tried {ports:port|ports} within {span}, in {count:attempt|attempts}: {refused} refused, {unanswered} "
        "unanswered.",
        "Unless somebody tests {target} on purpose, find out what runs on {host}.",
        {"open": "Open: {found}."},
    ),
    "host-scan": Kind(
        "{host} failed to reach {targets:host|hosts} on {ports:=port|ports} {port}",
        "It made {count:attempt|attempts} within {span}: {refused} refused, {unanswered} unanswered. This is typical "
        "of a scan, or of a host that has lost its network.",
        "If {host} reaches other hosts, find out what runs on it: worms look for other hosts this way.",
    ),
    "mixed-scan": Kind(
        "{host} failed to reach {targets:host|hosts} on {ports:port|ports}",
        "It made {count:attempt|attempts} within {span}, at {pairs:pair|pairs} of host and port: {refused} refused, "
        "{unanswered} unanswered. This is typical of a scan, of a program that looks for peers, or of a host that has "
        "lost its network.",
        "Find out what runs on {host}.",
    ),
    # --- of the capture itself
    "stored-again": Kind(
        "{packets:packet is|packets are} in the capture twice",
        "Packets {first} to {last} repeat packets {origin_first} to {origin_last}. pcapstate counts them once; in "
        "Wireshark they look like retransmissions, reused ports and time that steps back.",
        "The capture was joined with itself or with one that overlaps it, or its packets were replayed. To remove the "
        "repeated packets: editcap CAPTURE OUTPUT {first}-{last}.",
        {
            "later": "Their time stamps are {shift} later.",
            "more": "There {parts:=is|are} {parts:more such part|more such parts}.",
        },
    ),
    "capture-damaged": Kind(
        "The capture is damaged: {what}",
        "{name}: at byte {offset}, after {packets:packet|packets}.",
        "Packets after that point are not covered by these findings. Wireshark's editcap, or pcapfix, may recover more "
        "of them.",
    ),
    "packets-dropped": Kind(
        "The capture reports {drops:dropped packet|dropped packets}",
        "The capturing system dropped them; {frames:packet is|packets are} in the capture. Packets that look lost, "
        "retransmitted or unanswered may merely be missing from it.",
        "Capture with a larger buffer (dumpcap -B, tcpdump -B), a capture filter or a shorter snap length, or to a "
        "faster disk.",
    ),
    "capture-gaps": Kind(
        "The capture lacks packets of {count} of {all:connection|connections}",
        "{bytes:byte was|bytes were} acknowledged but {bytes:=is|are} in no packet of the capture. The network did not "
        "lose them: they were not captured (a FIN counts as a byte).",
        "Do not rely on what seems to be missing in these connections. Capture with a larger buffer, or at a point "
        "that all packets pass. If a filter removed packets on purpose, there is nothing to do.",
    ),
    "one-way": Kind(
        "{count} of {all:connection|connections} captured in one direction only",
        "The acknowledgments show that the other end answered, but the capture has none of its packets. Missing: "
        "packets from {hosts}.",
        "Capture on one of the hosts, or on both paths: with asymmetric routes the answers take another path, and a "
        "mirror port may be set to one direction.",
    ),
    "headers-cut": Kind(
        "{frames:frame is|frames are} cut off inside the headers ({share})",
        "They cannot be assigned to a connection and are not counted.",
        "Capture with a longer snap length: 128 bytes usually hold all headers (tcpdump -s 128).",
    ),
    "time-steps-back": Kind(
        "Time steps back in the capture, by up to {step}",
        "{frames:packet has an earlier time stamp than the packet|packets have earlier time stamps than the packets} "
        "in front. Durations around there are unreliable.",
        "Small steps come from several interfaces or queues; Wireshark's reordercap sorts the packets. Large steps "
        "come from a clock that was set, or from captures that were joined.",
    ),
    "captured-twice": Kind(
        "Packets are captured twice",
        "{copies:segment appears|segments appear} again unchanged within 100 ms, on {count:connection|connections}. "
        "These duplicates are not taken for retransmissions, but they are part of packet and byte counts.",
        "Remove them with Wireshark's editcap -d, or capture on one interface only, or on one direction of the mirror "
        "port.",
    ),
    "joined-late": Kind(
        "{count} of {all:connection|connections} were open before the capture began",
        "Which end is the client is inferred from the ports; what happened earlier is unknown.",
        "To see connections open, start the capture before the program.",
    ),
    "large-segments": Kind(
        "{frames:segment is|segments are} larger than Ethernet carries",
        "The largest has {largest:byte|bytes}; a packet of 1,500 bytes has room for {limit}. Either the network card "
        "joins or splits segments (offload), or the network uses jumbo frames. With offload, packets on the wire are "
        "smaller and more numerous than in the capture.",
        "To see the packets of the wire, turn offload off during the capture (Linux: ethtool -K eth0 gro off gso off "
        "tso off), or capture on another machine.",
    ),
    "frames-cut": Kind(
        "{frames:frame is|frames are} cut off by the snap length ({share})",
        "States and byte counts are not affected; names and applications are.",
        "To see contents, capture without a snap length (tcpdump -s 0).",
    ),
    # --- good to know
    "reset-to-close": Kind(
        "{count:connection|connections} to {where} reset with no request pending: {by_client} by the client, "
        "{by_server} by the server",
        "The RST came after {sent} bytes from the client and {received} from the server. Clients: {clients}.",
        "Usually nothing: browsers, health checks, load balancers and port scanners end connections this way. If "
        "clients complain about resets, check whether a server or proxy closes idle connections sooner than clients "
        "expect.",
        {
            "idle": "{idle:RST|RSTs} came {quiet} after the last data.",
            "empty": "{empty:RST|RSTs} came before any data.",
            "closing": "{closing:RST|RSTs} came after one end had sent its FIN.",
        },
    ),
    "closed-first": Kind(
        "Who closed first at {where}: the client {by_client:time|times}, the server {by_server:time|times}",
        "Counted over {count:connection|connections} that one or both ends closed. The end that closes first keeps "
        "TIME_WAIT.",
        "If clients run out of ports, or servers keep too many connections in TIME_WAIT, let the other end close "
        "first.",
        {"both": "Both at once: {both:time|times}."},
    ),
}
"""Every kind of finding, the more important first: of two of the same severity, the one above comes first."""

LOOKED_FOR = (
    "connections left open or half-open, handshakes that nobody answers, accepts or completes, floods and scans, full "
    "queues, resets, retransmissions, zero windows, ports held by TIME_WAIT, and defects of the capture itself"
)
"""What was looked for, where nothing was found."""
