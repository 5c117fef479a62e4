"""The texts of what ``pcapstate compare`` finds: see ``wording.findings``."""

from __future__ import annotations

from .findings import Kind

FIRST, SECOND = "the first capture", "the second capture"
"""What captures are called in texts."""

COMPARED: dict[str, Kind] = {
    "clock-set": Kind(
        "One of the clocks was set, or jumped, while both captures ran",
        "No offset and no steady drift fit the times of the packets that both captures have: some would arrive {wrong} "
        "before they were sent. Transit times are wrong by that much.",
        "Check time synchronization on both hosts for this time (Linux: chronyc tracking, timedatectl timesync-status)."
        " Compare shorter parts of the captures.",
    ),
    "offset-wrong": Kind(
        "The offset of the clocks is wrong: {packets:packet|packets} would arrive before being sent",
        "With the offset that was given, packets arrive up to {wrong} before they were sent. From the packets, the "
        "second clock is {ahead}.",
        "Leave --offset out, or correct it.",
    ),
    "missing-from-capture": Kind(
        "Packets that arrived are missing from {capture} ({packets:packet|packets})",
        "Their receiver acknowledged them, and no other packet brought their data: the capture dropped them, not the "
        "network.",
        "Do not count them as loss. Capture with a larger buffer, a shorter snap length or a capture filter.",
    ),
    "half-open-between": Kind(
        "Half-open: one end of {count:connection|connections} has closed, and the other does not know it",
        "The end at {capture} is CLOSED, while its peer still waits in {states}, for up to {longest}. An end that "
        "sends nothing does not notice this (RFC 9293 §3.5.1).",
        "Look at what lies between the hosts: firewalls and NAT that forget idle connections, and links that lose "
        "packets. On the end that waits, keep-alives or time limits end such connections.",
        {
            "lost": "{told:=The packet that would have told it was|Packets that would have told it were} lost on the "
            "way ({told:packet|packets} with RST or FIN, the first is frame {frame} of {capture}).",
            "timer": "On {timers:connection|connections} it gave up waiting, without a packet.",
            "not sent": "On {forged:connection|connections} it was closed by a RST that its peer has not sent, as far "
            "as the peer's capture tells.",
        },
    ),
    "lost-between": Kind(
        "{packets:packet|packets} from {capture} lost on the way ({share})",
        "Of {sent:packet|packets} that {capture} shows being sent, {packets} did not arrive at the other one: {share}.",
        "Where between the two places are packets dropped? Compare a capture from in between, and the counters of "
        "interfaces and queues on the way.",
        {
            "one way": "The other direction lost {other_share}: look for what is different about this one.",
            "opening": "{syns:SYN or SYN-ACK was|SYNs or SYN-ACKs were} among them: connecting waits a second or more "
            "for each.",
            "closing": "{ends:FIN or RST was|FINs or RSTs were} among them: the other end learns late, or never, that "
            "the connection is over.",
        },
    ),
    "changed-between": Kind(
        "{packets:packet|packets} from {capture} changed on the way",
        "What differs on arrival: {what}.",
        "Something between the two places rewrites packets: look for a firewall, a proxy, a tunnel or a load balancer.",
        {
            "options": "Options of {options:SYN|SYNs} differ. A smaller maximum segment size (MSS clamping) is meant "
            "for tunnels; window scale, SACK or timestamps that vanish make connections slower.",
            "payload": "The data of {payload:packet|packets} differs, though its length is the same.",
            "flags": "Flags of {flags:packet|packets} differ, such as ECN bits that are cleared.",
        },
    ),
    "not-sent": Kind(
        "{packets:packet|packets} arrived that {capture} does not show being sent",
        "The sender's host is where {capture} was taken, and it covers the time.",
        "Either that capture dropped them (see whether it reports drops), or something between the two places made "
        "them up.",
        {
            "resets": "{resets:RST is|RSTs are} among them: firewalls end connections this way, in the name of the "
            "other end.",
        },
    ),
    "repeated-between": Kind(
        "{packets:packet|packets} from {capture} arrived more than once",
        "The way repeated them; their sender sent them once.",
        "Look for a switching loop, two paths that both forward, or a capture on several interfaces.",
    ),
    "reordered-between": Kind(
        "{packets:packet|packets} from {capture} arrived out of order ({share})",
        "A packet that was sent later arrived earlier (RFC 4737).",
        "Look for load balancing packet by packet over several paths. TCP takes reordering for loss, and sends again.",
    ),
    "translated-between": Kind(
        "Addresses or ports of {count:connection|connections} are translated between the captures (NAT)",
        "For example, {inside} is {outside} in the second capture.",
        "Search the second capture for the translated address and port. A NAT that forgets idle connections leaves "
        "them half-open.",
    ),
    "clocks-apart": Kind(
        "The second clock is {ahead}",
        "It is estimated from {packets:packet|packets} that both captures have, as if the fastest took as long one way "
        "as the other: {ahead}, give or take {uncertainty}. Times of the second capture are corrected by it.",
        "Synchronize the clocks (NTP, PTP) to compare logs of both hosts.",
        {
            "drift": "It drifts by {drift} ppm, give or take {drift_uncertainty}.",
            "one way": "Packets of one direction alone are in both captures, so the transit time is part of it.",
        },
    ),
}
"""Every kind, the most important ones first in each severity."""
