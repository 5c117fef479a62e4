"""A second opinion: a naive tracker on dictionaries, written from docs/inference.md and docs/state-machine.md alone.

It shares nothing with ``pcapstate.tcp``: no table of transitions, no events, no kernels. It knows whole connections:
opening, refusal, simultaneous open, closing in every order, resets, TIME_WAIT, attempts given up, segments sent again,
captures that begin late, and 4-tuples used again. Where it meets more than that, such as a gap in the capture or a
forged segment, it says that the connection is undecided from that packet on, and why.

A packet is a dictionary: ``number``, ``time`` in seconds (a Fraction or an int), ``source`` and ``target``, ``flags``
as letters, ``seq``, ``ack``, ``length``, ``window``, ``scale`` (None where the option is missing) and ``mark``, which
is whatever differs when a stack sends the same segment again (None: nothing tells).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

TIME_WAIT = 60
AT_ONCE, GRACE, LONGEST = Fraction(1, 10), Fraction(7, 10), 127
GOT_FIN = {
    "ESTABLISHED": "CLOSE_WAIT",
    "SYN_RECEIVED": "CLOSE_WAIT",
    "FIN_WAIT_1": "CLOSING",
    "FIN_WAIT_2": "TIME_WAIT",
}
HAD_NO_FIN = {"CLOSE_WAIT": "ESTABLISHED", "CLOSING": "FIN_WAIT_1", "TIME_WAIT": "FIN_WAIT_2"}
FIN_ACKNOWLEDGED = {"FIN_WAIT_1": "FIN_WAIT_2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSED"}
SENT_NO_FIN = {
    "FIN_WAIT_1": "ESTABLISHED", "FIN_WAIT_2": "ESTABLISHED",
    "CLOSING": "CLOSE_WAIT", "LAST_ACK": "CLOSE_WAIT", "TIME_WAIT": "CLOSE_WAIT",
}  # fmt: skip
SENDS_AGAIN = ("SYN_SENT", "SYN_RECEIVED", "FIN_WAIT_1", "CLOSING", "LAST_ACK")

NOTHING: dict[str, Any] = {
    # "next" is the number behind all that it has sent in order, "acked" the highest that it has acknowledged.
    **{"state": "UNKNOWN", "isn": None, "next": None, "acked": None, "window": None, "scale": None, "last": None},
    **{"syn": False, "syn_acks": 0, "deaf": False, "early_data": False, "gave_up": None, "since": None},
    # "counted": its FIN and all before that is there; "refuses_fin": it waits for what came before the peer's.
    **{"fin": None, "fin_ack": None, "counted": False, "refuses_fin": False, "acknowledged_at": None},
}
"""What is known of an end at first."""


class Undecided(Exception):
    """What the packets mean lies beyond this tracker."""


def follow(packets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the connections of these packets, in the order of their first packets."""
    connections: list[dict[str, Any]] = []
    latest: dict[Any, dict[str, Any]] = {}
    for packet in packets:
        pass_time(connections, packet["time"])
        if not packet["flags"]:
            continue
        key = frozenset((packet["source"], packet["target"]))
        connection = latest.get(key)
        if connection is None or opens_anew(connection, packet):
            latest[key] = new = begin(packet, connection)
            connections.append(new)
            connection = new
        if connection["undecided"] is None:
            try:
                take(connection, packet)
            except Undecided as why:
                connection["undecided"] = (packet["number"], str(why))
    if packets:
        pass_time(connections, packets[-1]["time"])
    return connections


def begin(packet: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """Return a connection of which nothing is known yet."""
    ends = {address: dict(NOTHING, rows=[], holes=[], strays=[], mark={}, times=[]) for address in addresses(packet)}
    undecided = (packet["number"], "a connection to itself") if len(ends) == 1 else None
    return {"ends": ends, "undecided": undecided, "reset": False, "before": before, "first": packet["number"]}


def opens_anew(connection: dict[str, Any], packet: dict[str, Any]) -> bool:
    """Whether this is a SYN with another initial sequence number than that of its sender before."""
    me, you = both(connection, packet)
    if "S" not in packet["flags"] or "A" in packet["flags"] or "R" in packet["flags"]:
        return False
    if me["isn"] is None:
        return me["next"] is not None or you["state"] not in ("UNKNOWN", "SYN_SENT")
    return packet["seq"] != me["isn"] % 2**32


def addresses(packet: dict[str, Any]) -> tuple[Any, Any]:
    """Return source and target."""
    return packet["source"], packet["target"]


def both(connection: dict[str, Any], packet: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the end that sent the packet, and the other."""
    return connection["ends"][packet["source"]], connection["ends"].get(packet["target"], {})


def near(number: int, known: int | None) -> int:
    """Return a sequence number without the wrap: the one nearest to a known one."""
    return number if known is None else known + (number - known + 2**31) % 2**32 - 2**31


def move(end: dict[str, Any], to: str, number: int | None, origin: str | None = None) -> None:
    """Change a state, and write down how."""
    end["rows"].append((number, origin or end["state"], to))
    end["state"] = to


def move_by(end: dict[str, Any], table: dict[str, str], packet: dict[str, Any]) -> None:
    """Change a state if the table has it; TIME_WAIT begins with the packet."""
    if end["state"] in table:
        move(end, table[end["state"]], packet["number"])
        if end["state"] == "TIME_WAIT":
            end["since"] = packet["time"]


def pass_time(connections: list[dict[str, Any]], now: Any) -> None:
    """End what ends without a packet."""
    for connection in connections:
        if connection["undecided"] is not None:
            continue
        for end in connection["ends"].values():
            if end["state"] == "TIME_WAIT" and now >= end["since"] + TIME_WAIT:
                move(end, "CLOSED", None)
            heard = any(one is not end and one["last"] is not None for one in connection["ends"].values())
            due = when_given_up(end) if heard or end["state"] == "SYN_SENT" else None
            if due is not None and now >= due:
                end["gave_up"] = end["state"]
                move(end, "CLOSED", None)


def when_given_up(end: dict[str, Any]) -> Any:
    """Return when silence means that an end no longer sends again what was not answered; None: it never does."""
    times = end["times"]
    if end["state"] not in SENDS_AGAIN or not times:
        return None
    if end["state"] == "LAST_ACK" and len(times) == 1:
        return times[-1] + 3
    if len(times) == 1 and end["fin"] is not None:
        return None
    due = times[-1] + (max(2 * (times[-1] - times[-2]), 1) if len(times) > 1 else 1) + GRACE
    return due if end["fin"] is not None else min(due, times[0] + LONGEST)


def take(connection: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow one packet."""
    me, you = both(connection, packet)
    flags, now = packet["flags"], packet["time"]
    header = tuple(packet[field] for field in ("flags", "seq", "ack", "length", "window", "mark"))
    seen = me["mark"].get(header)
    me["mark"][header] = now
    if seen is not None and now - seen < (AT_ONCE if packet["mark"] is not None else Fraction(1, 1000)):
        return  # a copy
    for end in (me, you):
        if end["gave_up"] is not None and "R" not in flags:
            move(end, end["gave_up"], packet["number"])
            end["gave_up"] = None
            if end["fin"] is not None:
                raise Undecided("more after a FIN whose sender seemed to have given up")
    replaced = connection["before"]
    if replaced is not None and packet["number"] != connection["first"]:
        used_again(replaced, me, you, packet)
    if connection["reset"] and "R" not in flags:
        after_a_reset(me, you, packet)
    elif "R" in flags:
        reset(connection, me, you, packet)
    elif "S" in flags and "A" in flags:
        syn_ack(me, you, packet)
    elif "S" in flags:
        syn(connection, me, you, packet)
    elif "A" in flags:
        ordinary(me, you, packet)
    if "A" in flags and "R" not in flags:
        ack = near(packet["ack"], you["next"])
        me["acked"] = ack if me["acked"] is None else max(ack, me["acked"])
    if "S" not in flags or me["scale"] is None:
        me["scale"] = packet["scale"] if "S" in flags else me["scale"]
    me["window"] = packet["window"], "S" in flags
    me["last"] = now


def used_again(replaced: Any, me: Any, you: Any, packet: Any) -> None:
    """End the connection before, once a SYN of the new one is answered; until then, the rest may belong to the old."""
    fresh = "S" in packet["flags"] and (
        "A" not in packet["flags"] or near(packet["ack"], you["next"]) in range(you["isn"] + 1, you["next"] + 1)
    )
    if fresh:
        for end in both(replaced, packet):
            if end["state"] not in ("CLOSED", "UNKNOWN") and replaced["undecided"] is None:
                move(end, "CLOSED", packet["number"])
    elif (me["isn"] is None and "R" not in packet["flags"]) or you["isn"] is None:
        replaced["undecided"] = replaced["undecided"] or (packet["number"], "a SYN that nothing has answered")
        raise Undecided("more of the connection before")


def syn(connection: dict[str, Any], me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow a SYN."""
    number = packet["number"]
    if me["isn"] is not None:
        me["times"].append(packet["time"])
        if me["state"] == "CLOSED" and me.get("refused"):
            move(me, "SYN_SENT", number)
        elif me["state"] != "SYN_SENT":
            raise Undecided("a SYN sent again on a connection that is open")
        return
    old = connection["before"]
    if old is not None and old["undecided"] is None:
        ended, _ = both(old, packet)
        if ended["state"] in ("SYN_SENT", "SYN_RECEIVED", "TIME_WAIT"):
            move(ended, "CLOSED", number)
    move(me, "SYN_SENT", number, "CLOSED")
    me["isn"] = near(packet["seq"], you["acked"])
    me["next"] = me["isn"] + 1 + packet["length"]
    me["early_data"] = packet["length"] > 0
    me["times"], me["syn"] = [packet["time"]], True


def syn_ack(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow a SYN-ACK."""
    number, seq = packet["number"], near(packet["seq"], me["isn"])
    if you["isn"] is not None and not you["isn"] < near(packet["ack"], you["next"]) <= you["next"]:
        raise Undecided("a SYN-ACK of something else")
    if me["isn"] is None:
        if me["next"] is not None or you["state"] not in ("UNKNOWN", "SYN_SENT", "CLOSED"):
            raise Undecided("a SYN-ACK in the middle of a connection")
        move(me, "SYN_RECEIVED", number, "LISTEN" if me["state"] == "UNKNOWN" else None)
        me["isn"], me["next"], me["times"] = seq, seq + 1 + packet["length"], [packet["time"]]
        if you["next"] is None:
            you["isn"], you["next"] = packet["ack"] - 1, packet["ack"]
    elif seq != me["isn"]:
        raise Undecided("two SYN-ACKs with different numbers")
    elif me["state"] == "SYN_SENT":
        if you["state"] not in ("SYN_SENT", "SYN_RECEIVED") or not you["syn"]:
            raise Undecided("a SYN-ACK of a client")
        move(me, "SYN_RECEIVED", number)
        me["times"], me["crossed"] = [packet["time"]], True
        if you["state"] == "SYN_RECEIVED":
            move(you, "ESTABLISHED", number)
            move(me, "ESTABLISHED", number)
    elif me["next"] != me["isn"] + 1 or me.get("crossed"):
        raise Undecided("a SYN-ACK after data")
    else:
        me["times"].append(packet["time"])
        if me["state"] in ("ESTABLISHED", "CLOSE_WAIT") and packet["time"] - me["last"] >= AT_ONCE:
            move(me, "SYN_RECEIVED", number)
            me["syn_acks"] += 1
            me["deaf"] = me["syn_acks"] > 1
            if you["fin"] is not None:
                raise Undecided("a SYN-ACK after the peer's FIN")
        elif me["state"] not in ("SYN_RECEIVED", "ESTABLISHED"):
            raise Undecided("a SYN-ACK of a connection that was closed")


def reset(connection: dict[str, Any], me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow a RST."""
    number, flags = packet["number"], packet["flags"]
    if connection["reset"]:
        if {me["state"], you["state"]} != {"CLOSED"}:
            raise Undecided("another RST after what a RST has ended in part")
        return
    if me["isn"] is None and you["state"] in ("SYN_SENT", "CLOSED") and you["isn"] is not None:
        if "A" in flags and you["isn"] < near(packet["ack"], you["next"]) <= you["next"] and you["state"] == "SYN_SENT":
            move(you, "CLOSED", number)
            me["state"], you["refused"] = "CLOSED", True
        return
    if me["state"] == you["state"] == "UNKNOWN" and "A" not in flags:
        return
    if me["next"] is None or you["acked"] is None or me["gave_up"] or you["gave_up"]:
        raise Undecided("a RST of a side of which nothing else is captured")
    seq = near(packet["seq"], me["next"])
    if not you["acked"] <= seq <= me["next"] and not seq == me["fin"] == you["acked"] - 1:
        if seq == me["next"] + 1 or (you["last"] is None or me["next"] == (me["isn"] or 0) + 1):
            raise Undecided("a RST behind what may be missing")
        return
    ack = near(packet["ack"], you["next"]) if "A" in flags else None
    if ack is not None and me["state"] == "TIME_WAIT" and you["fin_ack"] <= me["fin"]:
        move(me, "CLOSING", number)
    if you["fin"] is not None and max(filter(None, (me["acked"], ack)), default=0) <= you["fin"]:
        move_by(me, HAD_NO_FIN, packet)
    elif you["fin"] is not None and you["counted"]:
        get_fin(me, you, packet)
    if ack is not None and me["state"] == "FIN_WAIT_2" and ack < me["acknowledged_at"]:
        move(me, "FIN_WAIT_1", number)
    if you["state"] == "CLOSING" and you["acked"] <= me["fin"]:
        move(you, "FIN_WAIT_1", number)
    for end in (me, you):
        if end["state"] != "CLOSED":
            move(end, "CLOSED", number)
    connection["reset"] = True


def after_a_reset(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow what comes after a RST: ACKs that were under way, of nothing new, are no sign of life."""
    new = packet["length"] or set(packet["flags"]) & {"S", "F"} or "A" not in packet["flags"]
    if new or me["acked"] is None or near(packet["ack"], you["next"]) > me["acked"]:
        raise Undecided("more after a RST")


def ordinary(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow a segment with an ACK that is neither SYN nor RST."""
    seq, ack = near(packet["seq"], me["next"]), near(packet["ack"], you["next"])
    if me["next"] is None:
        if you["acked"] is not None:
            seq = near(packet["seq"], you["acked"])
        me["next"] = seq
    end = seq + packet["length"]
    if you["next"] is None:
        you["next"] = ack
    for stray in [one for one in you["strays"] if ack >= one[1] + one[2]]:
        you["strays"].remove(stray)
        arrive(you, me, packet, *stray)  # it was none
    known = max([you["next"], *(stop for _, stop in you["holes"]), (you["fin"] or you["next"] - 1) + 1])
    if ack > known:
        raise Undecided("it acknowledges what is not captured")
    you["next"] = max(you["next"], ack)
    fin = "F" in packet["flags"]
    edge = window_end(you)
    if edge is not None and end > edge and (packet["length"] or fin) and (seq, end, fin) not in me["strays"]:
        if seq > edge or (seq == edge and fin):
            me["strays"].append((seq, end, fin))
            return
    if seq > me["next"] and me["state"] in ("SYN_SENT", "SYN_RECEIVED"):
        raise Undecided("a gap behind the handshake")
    handshake(me, you, packet, ack)
    acknowledge(me, you, packet, ack, end)
    newer = me["acked"] is not None and ack > me["acked"]
    if me["fin"] is not None and not fin:
        over_it, before_it = end > me["fin"] and packet["length"], seq <= me["fin"] and end == seq and newer
        if over_it or before_it:
            had_none(me, you, packet)
    arrive(me, you, packet, seq, end, fin)


def arrive(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any], seq: int, end: int, fin: bool) -> None:
    """Put what was sent in order, and follow a FIN."""
    if fin and me["fin"] is not None and end != me["fin"]:
        raise Undecided("another FIN")
    me["holes"] = sorted([*me["holes"], *([(seq, end)] if end > seq or fin else [])])
    for start, stop in me["holes"]:
        if start <= me["next"] < stop:
            me["next"] = stop
    me["holes"] = [(start, stop) for start, stop in me["holes"] if stop > me["next"]]
    if fin and me["fin"] is None:
        if end < me["next"]:
            raise Undecided("a FIN where data was")
        send_fin(me, you, packet, end)
    elif fin:
        send_fin_again(me, you, packet)
    if me["fin"] is not None and not me["counted"] and me["next"] >= me["fin"]:
        me["counted"], me["next"] = True, max(me["next"], me["fin"] + 1)
        if not you["refuses_fin"]:
            get_fin(you, me, packet)


def get_fin(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow that an end has the peer's FIN. One that acknowledges its own finds it in FIN_WAIT_2."""
    if me["state"] == "FIN_WAIT_1" and you["fin_ack"] > me["fin"]:
        move(me, "FIN_WAIT_2", packet["number"])
    move_by(me, GOT_FIN, packet)


def had_none(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Take back a FIN over which its sender goes on."""
    if me["counted"]:
        move_by(you, {**HAD_NO_FIN, "LAST_ACK": "FIN_WAIT_1"}, packet)
    move_by(me, SENT_NO_FIN, packet)
    if me["counted"]:
        me["next"] = min(me["next"], me["fin"])
    me["fin"], me["counted"] = None, False


def window_end(you: dict[str, Any]) -> int | None:
    """Return the first number beyond the window of a receiver, as far as that is captured."""
    if you["window"] is None or you["acked"] is None:
        return None
    size, of_syn = you["window"]
    return int(you["acked"] + (size if of_syn else size << (you["scale"] or 0)))


def handshake(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any], ack: int) -> None:
    """Follow what a segment says of the handshake."""
    number = packet["number"]
    if me["state"] == "UNKNOWN" and you["syn"]:
        raise Undecided("a SYN-ACK that is not captured")
    if me.get("refused"):
        raise Undecided("more after a refusal")
    if me["state"] == "SYN_SENT":
        if you["isn"] is None or you["state"] == "SYN_SENT":
            raise Undecided("an answer that is not captured")
        if me.get("crossed") or you.get("crossed"):
            raise Undecided("an ACK in a simultaneous open")
        if ack > you["isn"]:
            move(me, "ESTABLISHED", number)
    if you["state"] == "SYN_RECEIVED" and not you["deaf"] and ack > you["isn"] and not you.get("crossed"):
        move(you, "ESTABLISHED", number)
    if me["state"] == "SYN_RECEIVED" and not you["early_data"]:
        if you["state"] == "SYN_SENT":
            raise Undecided("a segment of an open connection whose handshake is not complete")
        move(me, "ESTABLISHED", number)
    for end in (me, you):
        if end["state"] == "UNKNOWN" and end["fin"] is None:
            move(end, "ESTABLISHED", number)


def acknowledge(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any], ack: int, end: int) -> None:
    """Follow what a segment says of the peer's FIN."""
    if you["fin"] is None:
        return
    if ack > you["fin"]:
        get_fin(me, you, packet)
        you["counted"], me["refuses_fin"] = True, False
        if you["state"] in FIN_ACKNOWLEDGED:
            you["acknowledged_at"] = end
        move_by(you, FIN_ACKNOWLEDGED, packet)
    elif you["counted"] and ack == me["acked"] and not packet["length"] and "F" not in packet["flags"]:
        move_by(me, HAD_NO_FIN, packet)
        me["refuses_fin"] = True


def send_fin(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any], end: int) -> None:
    """Follow a FIN that is sent for the first time."""
    number = packet["number"]
    if me["refuses_fin"]:
        raise Undecided("a FIN of an end that waits for what came before its peer's")
    me["fin"], me["times"], me["fin_ack"] = end, [packet["time"]], near(packet["ack"], you["next"])
    if me["state"] in ("ESTABLISHED", "SYN_RECEIVED"):
        move(me, "FIN_WAIT_1", number)
    elif me["state"] == "CLOSE_WAIT" and me["fin_ack"] > you["fin"]:
        move(me, "LAST_ACK", number)
    elif me["state"] == "CLOSE_WAIT":
        move(me, "FIN_WAIT_1", number)
        move(me, "CLOSING", number)
    else:
        raise Undecided("a FIN of an end that has none to send")


def send_fin_again(me: dict[str, Any], you: dict[str, Any], packet: dict[str, Any]) -> None:
    """Follow a FIN that comes again: by its timer, unless it comes at once."""
    number = packet["number"]
    if you["state"] == "TIME_WAIT":
        you["since"] = packet["time"]
    if packet["time"] - me["last"] < AT_ONCE:
        if you["refuses_fin"]:
            raise Undecided("a FIN again at once to an end that waits for it")
        return
    me["times"].append(packet["time"])
    covers = you["fin"] is not None and near(packet["ack"], you["next"]) > you["fin"]
    crossed = you["fin"] is not None and me["fin_ack"] <= you["fin"] and you["fin_ack"] <= me["fin"]
    answered = you["last"] is not None and you["last"] >= me["times"][-2]
    if me["state"] in ("FIN_WAIT_2", "TIME_WAIT"):
        move(me, "CLOSING" if covers else "FIN_WAIT_1", number)
    elif me["state"] == "CLOSED" and covers:
        move(me, "LAST_ACK", number)
    elif not crossed and (you["acked"] or 0) <= me["fin"] and you["state"] in ("CLOSE_WAIT", "TIME_WAIT"):
        if answered:
            raise Undecided("a FIN again, after an answer that does not acknowledge it")
        move_by(you, HAD_NO_FIN, packet)
        you["refuses_fin"] = True
