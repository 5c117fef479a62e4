"""The loop over frames: count each on its path, then by protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..decode.ip import CUT_OFF, address_at, hop_limit, ip_header
from ..decode.links.dispatch import link_layer
from ..decode.links.ethernet import ETHERNET
from ..decode.protocols import (
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    PROTOCOL_UDP,
    SHORT_IP,
    SHORT_LINK,
    SKIPPED_REASON,
)
from ..kernels.source import entry, fetch, i64, inner
from ..sources.framing import FRAME
from .bindings import be48, note_arp
from .paths import count_frame, count_halves, foresee_path, path_key, path_of_key
from .payloads import look_closer
from .tables import (
    BINDING,
    BINDINGS,
    CLOCK,
    DATAGRAM,
    ETHERNET_FRAMES,
    FRAMES,
    GROUP,
    KIND_BITS,
    NO_ETHERTYPE,
    NO_HEADER,
    NO_MAC,
    PAIR,
    PATH,
    PATH_REST,
    PATHS,
    PORT,
    PORTS,
    ROOM,
    SIGHT,
    STRIDE,
    TALLIES,
    TALLY,
    UNREADABLE,
    Tables,
)


@entry(
    np.uint8, FRAME, int, int, PATH, PATH_REST, np.int32, TALLY, np.int32, PORT, np.int32, BINDING, np.int32, DATAGRAM,
    np.int64, np.int64, np.int64, np.int64, SIGHT,
)  # fmt: skip
def watch_frames(
    data: Any,
    frames: Any,
    begin: int,
    count: int,
    paths: Any,
    rests: Any,
    path_slots: Any,
    tallies: Any,
    tally_slots: Any,
    ports: Any,
    port_slots: Any,
    bindings: Any,
    binding_slots: Any,
    datagrams: Any,
    units: Any,
    candidates: Any,
    marks: Any,
    memory: Any,
    sights: Any,
) -> int:
    """Count ``frames[begin:count]`` in ``data``; return the index of the first frame not counted for lack of slots.

    The tables have room for all rows that their quotas allow; the caller enlarges hash tables that are a quarter full.
    ``marks[0]``: the number of marks, three cells each from cell 1 on; marks without room are counted, too.
    """
    t = Tables(
        paths, rests, path_slots, tallies, tally_slots, ports, port_slots, bindings, binding_slots, datagrams, units,
        candidates, marks, memory, sights,
    )  # fmt: skip
    done = begin
    while done < count:
        if (
            4 * (memory[PATHS] + ROOM) > len(path_slots)
            or 4 * (memory[TALLIES] + ROOM) > len(tally_slots)
            or 4 * (memory[PORTS] + ROOM) > len(port_slots)
            or 4 * (memory[BINDINGS] + ROOM) > len(binding_slots)
        ):
            break
        end = min(done + STRIDE, count)
        # Paths lie anywhere in memory: many are fetched at once, which takes as long as one.
        for index in range(done, end):
            read_headers(t, data, frames[index], sights[index - done])
        for index in range(done, end):
            foresee_path(t, sights[index - done]["key"])
        for index in range(done, end):
            watch_frame(t, data, frames[index], sights[index - done], index)
        done = end
    memory[FRAMES] += done - begin
    return done


@inner
def read_headers(t: Tables, data: Any, frame: Any, sight: Any) -> None:
    """Read the headers of a frame, and fetch the slot of its path."""
    memory = t.memory
    i = frame["offset"]
    end = i + frame["captured"]
    memory[CLOCK] = max(memory[CLOCK], frame["time"])
    source_mac = target_mac = NO_MAC
    if i64(frame["linktype"]) == ETHERNET and end - i >= 12:
        target_mac, source_mac = be48(data, i), be48(data, i + 6)
        memory[ETHERNET_FRAMES] += 1

    ethertype, at, _, _ = link_layer(data, i, end, i64(frame["linktype"]))
    source_high = source_low = target_high = target_low = 0
    protocol, upper, fragment, packet_end, hops = NO_HEADER, 0, 0, end, 0
    if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        found, upper, fragment, packet_end, source, target = ip_header(data, ethertype, at, end, i + frame["length"])
        if found >= CUT_OFF:
            protocol = found
            source_high, source_low = address_at(data, ethertype, source)
            target_high, target_low = address_at(data, ethertype, target)
            hops = hop_limit(data, ethertype, at)
        else:
            ethertype |= UNREADABLE
    elif ethertype < 0:
        reason = -1 - ethertype - SKIPPED_REASON
        ethertype = UNREADABLE if reason in (SHORT_LINK, SHORT_IP) else NO_ETHERTYPE
    layer = ethertype << KIND_BITS | PAIR
    key = path_key(memory, source_mac, target_mac, source_high, source_low, target_high, target_low, layer)
    fetch(t.path_slots, key & (len(t.path_slots) - 1))
    sight["source_high"], sight["source_low"] = source_high, source_low
    sight["target_high"], sight["target_low"] = target_high, target_low
    sight["source_mac"], sight["target_mac"] = source_mac, target_mac
    sight["key"] = key
    sight["at"], sight["upper"], sight["end"] = at, upper, packet_end
    sight["ethertype"], sight["protocol"], sight["hops"], sight["fragment"] = ethertype, protocol, hops, fragment


@inner
def watch_frame(t: Tables, data: Any, frame: Any, sight: Any, index: int) -> None:
    """Count a frame whose headers were read."""
    source_high, source_low = sight["source_high"], sight["source_low"]
    target_high, target_low = sight["target_high"], sight["target_low"]
    source_mac, target_mac = sight["source_mac"], sight["target_mac"]
    ethertype, protocol, fragment = i64(sight["ethertype"]), i64(sight["protocol"]), sight["fragment"]
    number, length, hops = frame["number"], i64(frame["length"]), i64(sight["hops"])
    got = -1
    layer = ethertype << KIND_BITS | PAIR
    sent = path_of_key(
        t, sight["key"], source_mac, target_mac, source_high, source_low, target_high, target_low, layer
    )  # fmt: skip
    if sent >= 0:
        count_frame(t, sent, number, length, hops)
    else:
        ends = (source_high, source_low, target_high, target_low)
        sent, got = count_halves(t, source_mac, target_mac, ends, ethertype, number, length, hops)

    end = frame["offset"] + frame["captured"]
    if protocol == NO_HEADER:
        if ethertype == ETHERTYPE_ARP:
            note_arp(t, data, sight["at"], end, number)
        return
    if fragment == 0 and protocol != PROTOCOL_UDP and protocol != PROTOCOL_ICMP and protocol != PROTOCOL_ICMPV6:
        return
    unicast = target_mac == NO_MAC or target_mac & GROUP == 0
    addresses = (source_high, source_low, target_high, target_low)
    look_closer(
        t, data, sight["at"], sight["upper"], end, sight["end"], frame, sent, got, ethertype, protocol, fragment,
        unicast, addresses, source_mac, hops, index,
    )  # fmt: skip
