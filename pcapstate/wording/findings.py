"""The words of all findings: templates in English, which ``languages`` translates.

Fields are those that the rules give; ``{count:connection|connections}`` is a number with its noun,
``{count:=is|are}`` just the word that goes with the number (``findings.finding.Count``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """What there is to say about one kind of finding."""

    title: str
    text: str
    next: str
    """What to do."""
    also: Mapping[str, str] = {}
    """Further sentences, by the name that a rule gives where they hold."""
    instead: Mapping[str, str] = {}
    """What to do instead of ``next``, by the name that a rule gives where that holds."""


KINDS: dict[str, Kind] = {
    # --- of connections that work badly
    "syn-flood": Kind(
        "Looks like a SYN flood: {count:handshake|handshakes} with {host} begun and left",
        "Within {span}, {addresses:address|addresses} sent SYNs to {where} and then nothing more: no ACK, and hardly "
        "any SYN a second time, as a real client would.",
        "See whether SYN cookies are on (on Linux net.ipv4.tcp_syncookies), and where the packets come from: the "
        "addresses of a flood are forged as a rule.",
        {
            "answered": "The server answered {answered} of them; each answer takes a place in its queue.",
            "unanswered": "The server answered none of them.",
        },
    ),
    "queue-full": Kind(
        "ACKs that complete handshakes are dropped by {where} ({count:connection|connections})",
        "The clients acknowledged the SYN-ACK, and the server sent it again, twice at least: it does not take the "
        "connections. Clients: {clients}.",
        "Look at the program that listens on {where}: whether it accepts connections fast enough, and how long a queue "
        "it asks for (listen backlog; on Linux ss -ltn, and nstat -az TcpExtListenOverflows).",
        {
            "waiting": "{waiting:connection is|connections are} open for the client and not for the server.",
            "data ignored": "On {spoke:connection|connections} the client sent data, which was not taken either: the "
            "accept queue is full.",
            "perhaps deferred": "The accept queue is full, or the server waits for the client's data before it accepts "
            "(TCP_DEFER_ACCEPT).",
        },
    ),
    "syns-dropped": Kind(
        "No answer from {where} to some SYNs ({count:attempt|attempts})",
        "{syns:SYN|SYNs} and nothing came back, not even a RST, for {waited}, though other connections "
        "there were answered. Clients: {clients}.",
        "Look at the accept queue first: Linux drops SYNs while it is full. See whether the program on {where} accepts "
        "connections fast enough, and how long a queue it asks for (listen backlog; on Linux ss -ltn, and nstat -az "
        "TcpExtListenOverflows TcpExtListenDrops). Then look for what limits new connections: a load balancer, or a "
        "firewall.",
        {
            "before": "Something had come from there {before} before such an attempt.",
            "after": "Something came from there {after} after such an attempt.",
            "acks, too": "It drops ACKs that complete handshakes as well, so the queue is full.",
            "nothing since": "Nothing at all has come from the host since, so it may also have gone down.",
            "other clients": "None of these clients was answered, and others were: a firewall may drop just theirs.",
        },
    ),
    "close-wait-left": Kind(
        "{count:connection|connections} left in CLOSE_WAIT on {host}",
        "The other end has closed: it sent its FIN, and this end acknowledged it. This end ({host}) has neither closed "
        "nor sent anything since, for {age}. Servers: {servers}.",
        "Look at the program on {host} that has these connections: it does not notice that its peer has closed, or "
        "forgets to close the socket. Each one keeps a file descriptor until the program ends.",
    ),
    "half-open": Kind(
        "{count:connection|connections} forgotten by {host}, and open for the peer",
        "A segment of the peer was answered with a RST without ACK, as a host answers that has no such connection "
        "(RFC 9293 §3.5.2), though {host} had never closed it, and had sent nothing for {silence}. Peers: {peers}.",
        "Either {host} was restarted meanwhile, or a firewall, NAT or load balancer on the way has forgotten the idle "
        "connection and answers in its name. Keep-alives at shorter intervals than its timeout prevent that.",
    ),
    "fell-silent": Kind(
        "No answer any more from {host} on {count:open connection|open connections}",
        "Nothing came back for {silence}. Peers: {peers}.",
        "See whether {host} is up, and whether the path to it still is: a host that is up and has lost the connection "
        "would answer with a RST.",
        {
            "repeats": "What was sent to {host} was sent again {repeats:time|times}.",
            "probes": "{probes:keep-alive or window probe was|keep-alives or window probes were} not answered.",
        },
    ),
    "zero-window": Kind(
        "{host} did not take data for {longest} ({count:connection|connections})",
        "It advertised a receive window of zero, {times:time|times} in all: its buffer was full, since its program did "
        "not read. So long its peer must wait. Peers: {peers}.",
        "Look at what the program on {host} does meanwhile: it is too slow for what it is sent, or stuck.",
        {"still": "On {still:connection|connections} the window is zero still."},
    ),
    "sent-again": Kind(
        "{share} of what {host} sent to {peers} was sent again",
        "{again} of {sent:packet|packets} are retransmissions, on {count:connection|connections}: packets are lost, or "
        "their acknowledgments are, or come late.",
        "Look for loss on the way: errors and drops of interfaces and switches, a link or policer that is full, a "
        "wrong duplex setting, bad radio. Captures of both ends, compared, tell where.",
    ),
    "time-wait-ports": Kind(
        "TIME_WAIT holds {ports:port|ports} of {host} towards {server}",
        "{host} closes its connections to {server} first, so each leaves its port in TIME_WAIT. The ports lie between "
        "{lowest} and {highest}. They are {of_linux} of the {linux} that Linux uses by default, {of_windows} of the "
        "{windows} that Windows, macOS and IANA have.",
        "Keep connections open and use them again (keep-alive, a pool), or let the server close first. More addresses, "
        "or a wider range of ports, put it off (on Linux ip_local_port_range, tcp_tw_reuse).",
        {"rate": "{rate} began each second."},
    ),
    "ports-reused": Kind(
        "{host} takes ports to {server} again that are in TIME_WAIT ({count:connection|connections})",
        "The connection before on the same port had ended {rested} earlier; {ports:port was|ports were} used so. A "
        "server that is in TIME_WAIT itself may refuse or ignore such a SYN.",
        "Either {host} runs out of ports towards {server}, or its program asks for a fixed port.",
    ),
    "reset-in-request": Kind(
        "{count:connection|connections} to {where} reset in the middle of a request",
        "Of {all:connection|connections} to it, {count} got a RST while a request had no answer, after {sent} bytes "
        "from the client and {received} from the server. Clients: {clients}.",
        "Look at what the program on {where} did at these times: one that crashes, is restarted or runs into a limit "
        "resets what it works on. The same time after each request points to a timeout: of the program, of a proxy or "
        "firewall on the way, or of the client.",
        {
            "by server": "The server reset {by_server}, {server_waited} after the last of the request.",
            "by client": "The client reset {by_client}, {client_waited} after the last of its own request: it would "
            "not wait any longer, or was ended.",
            "not acknowledged": "On {lost:connection|connections} not even all of the request had been acknowledged.",
            "others": "{others:other|others} to it {others:=was|were} reset otherwise.",
        },
    ),
    "reset-in-answer": Kind(
        "{count:connection|connections} to {where} reset right behind an answer: {by_client} by the client, "
        "{by_server} by the server",
        "The RST came {quiet} after the last data of the server, after {sent} bytes from the client and {received} "
        "from the server. All of it was acknowledged; whether it was the whole answer, packets do not tell. Clients: "
        "{clients}.",
        "Where the server resets, look at what its program did at these times: one that crashes resets in the middle "
        "of an answer, and so does one that closes with part of a request unread. Where clients reset, they had what "
        "they wanted, as health checks have, or somebody went elsewhere.",
    ),
    "reset-lost-data": Kind(
        "{host} reset {count:connection|connections} with data under way",
        "Nothing had acknowledged the data when the RST came, so it may never have been read. Peers: {peers}.",
        "Look at why the program on {host} ends connections so: a RST is sent where it closes with data unread, where "
        "it is killed, or asks for it (SO_LINGER 0).",
        {
            "own": "{own:byte|bytes} that {host} had sent.",
            "theirs": "{theirs:byte|bytes} that were sent to {host}.",
            "little": "So little may be the farewell of TLS, and no loss.",
            "late": "{host} had closed before, so what came then had no reader: the peer may think that it was read.",
        },
    ),
    "unanswered": Kind(
        "No answer from {where} ({count:attempt|attempts})",
        "{syns:SYN|SYNs} and nothing came back, not even a RST, for {waited}. Clients: {clients}.",
        "See whether a firewall drops packets to {where}, whether the host is up, and whether address and route are "
        "right. A host that is up and unfiltered would answer with a RST at least.",
        {"answered before": "It did answer before: what it sent last came {ago} before these SYNs."},
        {
            "host is up": "The host is up: it sent other packets meanwhile. See whether a firewall drops what goes to "
            "{where}, on the way or on the host itself. A port that is merely closed would answer with a RST."
        },
    ),
    "refused": Kind(
        "Connections refused by {where} ({count:attempt|attempts})",
        "A RST answered the SYN: nothing listens on that port, or a firewall rejects in its name. Clients: {clients}.",
        "See whether the service runs and listens on that address and port, and whether clients mean that port.",
        {"others accepted": "It did accept others: the service was started or stopped meanwhile, or rejects some."},
    ),
    "unreachable": Kind(
        "No way to {where} ({count:attempt|attempts})",
        "An ICMP error answered the SYN: a router, a firewall or the host itself says that it cannot be delivered. "
        "Clients: {clients}.",
        "Look at the ICMP error: who sent it, and its code. Without a route, or with nobody there, look at address and "
        "routes; where it is prohibited, at the rules of that firewall.",
    ),
    "answered-late": Kind(
        "{share} of SYNs to {where} answered only when sent again",
        "Of {answered:connection|connections}, {count} got the SYN-ACK {delay} after their first SYN, from "
        "{clients:client|clients}: the queue of the listener was full for the moment, or SYNs were lost.",
        "Look at the listener's queue (on Linux nstat -az TcpExtListenDrops), then for loss on the way there.",
    ),
    "never-completed": Kind(
        "{count:handshake|handshakes} with {where} never completed",
        "The server answered with a SYN-ACK, and the client never acknowledged it, for {waited}. Clients: {clients}.",
        "See whether the SYN-ACK reaches the client: it may be routed another way, or a firewall that did not see the "
        "SYN drops it. A client that is gone, or an address that is forged, does not answer either.",
    ),
    "port-scan": Kind(
        "Port scan of {target} by {host}",
        "{ports:port was|ports were} tried within {span}, in {count:attempt|attempts}: {refused} refused, {unanswered} "
        "without an answer.",
        "If nobody means to test {target}, see what runs on {host}.",
        {"open": "Open: {found}."},
    ),
    "host-scan": Kind(
        "{targets:host|hosts} tried in vain on {ports:=port|ports} {port} by {host}",
        "Within {span}, in {count:attempt|attempts}: {refused} refused, {unanswered} without an answer. A scan looks "
        "so; so does a host that reaches nothing any more.",
        "If {host} reaches other hosts, see what runs on it: worms look for others so.",
    ),
    "mixed-scan": Kind(
        "{targets:host|hosts} tried in vain on {ports:port|ports} by {host}",
        "Within {span}, in {count:attempt|attempts} at {pairs:pair|pairs} of host and port: {refused} refused, "
        "{unanswered} without an answer. A scan looks so; so does a program that seeks peers, and a host that reaches "
        "nothing any more.",
        "See what runs on {host}.",
    ),
    # --- of the capture itself
    "stored-again": Kind(
        "{packets:packet is|packets are} in the capture a second time",
        "Packets {first} to {last} are packets {origin_first} to {origin_last} again, and count once here: in "
        "Wireshark they look like retransmissions, ports used again and time that steps back.",
        "The capture was joined with itself, or with one that overlaps it, or its packets were replayed. Leave the "
        "second ones out: editcap CAPTURE OUTPUT {first}-{last}.",
        {
            "later": "They are dated {shift} later.",
            "more": "There {parts:=is|are} {parts:more such part|more such parts}.",
        },
    ),
    "capture-damaged": Kind(
        "The capture is damaged: {what}",
        "{name}: at byte {offset}; {packets:packet was|packets were} read before that.",
        "What comes behind is in none of these findings. Wireshark's editcap, or pcapfix, may save more.",
    ),
    "packets-dropped": Kind(
        "The capture lacks {drops:packet|packets} that the capturing system dropped",
        "By its own account; {frames:packet is|packets are} here. Packets that look lost, sent again or unanswered may "
        "just be missing here.",
        "Capture with a larger buffer (dumpcap -B, tcpdump -B), a capture filter or a shorter snap length, or to a "
        "faster disk.",
    ),
    "capture-gaps": Kind(
        "The capture misses packets of {count} of {all:connection|connections}",
        "{bytes:byte was|bytes were} acknowledged that {bytes:=is|are} in no packet of the capture: not lost on the "
        "network, but never captured (a FIN counts as a byte).",
        "Do not trust what is missing in these connections. Capture with a larger buffer, or where all packets pass; "
        "if a filter kept only some packets on purpose, there is nothing to do.",
    ),
    "one-way": Kind(
        "{count} of {all:connection|connections} captured in one direction only",
        "The other end did answer, as the acknowledgments tell, and none of its packets is there. Missing: what "
        "{hosts} sent.",
        "Capture on a host itself, or on both paths: where routes are asymmetric the answers go another way, and a "
        "mirrored port may be set to one direction.",
    ),
    "headers-cut": Kind(
        "{frames:frame is|frames are} cut off inside the headers ({share})",
        "They say nothing about any connection, and count for nothing here.",
        "Capture with a longer snap length: 128 bytes hold all headers as a rule (tcpdump -s 128).",
    ),
    "time-steps-back": Kind(
        "Time steps back in the capture, by up to {step}",
        "{frames:packet is|packets are} dated before the packet in front. Durations there are not to be trusted.",
        "Small steps come from several interfaces or queues; Wireshark's reordercap puts packets in order. Large ones "
        "come from a clock that was set, or from captures that were joined.",
    ),
    "captured-twice": Kind(
        "Packets are captured twice",
        "{copies:segment comes|segments come} again unchanged within 100 ms, on {count:connection|connections}. Copies "
        "are not taken for retransmissions, but counts of packets and bytes have them.",
        "Remove them with Wireshark's editcap -d, or capture on one interface, or one mirrored direction, only.",
    ),
    "joined-late": Kind(
        "The capture joined {count} of {all:connection|connections} late",
        "They were open before it began. Which end is the client is a guess from the ports, and what happened before "
        "is not known.",
        "To see them open, start the capture before the program.",
    ),
    "large-segments": Kind(
        "{frames:segment is|segments are} larger than Ethernet carries",
        "They have up to {largest:byte|bytes}, where a packet of 1,500 leaves {limit} for data: the network card joins "
        "or cuts segments (offload), or the network carries jumbo frames. With offload, packets on the wire are more "
        "and smaller than here.",
        "To see packets as the wire has them, turn offload off while capturing (on Linux ethtool -K eth0 gro off gso "
        "off tso off), or capture on another machine.",
    ),
    "frames-cut": Kind(
        "{frames:frame is|frames are} cut off by the snap length ({share})",
        "States and byte counts do not need what is missing; names and applications do.",
        "To see contents, capture without a snap length (tcpdump -s 0).",
    ),
    # --- good to know
    "reset-to-close": Kind(
        "{count:connection|connections} to {where} reset with no request under way: {by_client} by the client, "
        "{by_server} by the server",
        "After {sent} bytes from the client and {received} from the server. Clients: {clients}.",
        "Nothing, as a rule: browsers, health checks, load balancers and port scanners end connections so. If clients "
        "complain of resets, see whether a server or proxy closes idle connections sooner than clients expect.",
        {
            "idle": "{idle:RST|RSTs} came {quiet} after the last data.",
            "empty": "{empty:RST|RSTs} came before any data.",
            "closing": "{closing:RST|RSTs} came once an end had sent its FIN.",
        },
    ),
    "closed-first": Kind(
        "Who closed first at {where}: the client {by_client:time|times}, the server {by_server:time|times}",
        "Of {count:connection|connections} that one end has closed, or both. Who closes first keeps TIME_WAIT.",
        "Where clients run out of ports, or servers keep too many TIME_WAITs, let the other side close first.",
        {"both": "Both at once: {both:time|times}."},
    ),
}
"""Every kind of finding, the more important first: of two of the same severity, the one above comes first."""

LOOKED_FOR = (
    "connections left open or half-open, handshakes that nobody answers, refuses or completes, floods and scans, full "
    "queues, resets, retransmissions, windows that stay zero, ports held by TIME_WAIT, and faults of the capture itself"
)
"""What was looked for, where nothing was found."""
