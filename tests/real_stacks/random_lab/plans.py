"""What happens in a random run, drawn from its seed: sockets, applications, the box, and where it is captured."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from random_lab.box import Drop, Forgery, Hole, Policy
from random_lab.scripts import ENDINGS, Script, talk

CLIENT_PORTS, SERVER_PORTS, PORTS_EACH = 20000, 7000, 8
"""Where the ports of plans begin, and how many client ports each has: no two plans share a pair of endpoints."""
SECONDS = 11.0
SPREAD = 5.0
"""How long a run is captured, and within how many seconds its plans begin."""

KINDS = {
    "normal": 48,
    "reuse": 14,
    "simultaneous open": 6,
    "abandoned": 8,
    "refused": 3,
    "late accept": 7,
    "full backlog": 6,
    "listener closes": 4,
    "keepalive": 4,
}
"""Kinds of plans, and how many of a hundred are of each."""


@dataclass(frozen=True)
class Round:
    """A connection of a plan: after `gap` seconds, with what each end does once it is open."""

    gap: float
    name: str
    client: Script
    server: Script


@dataclass(frozen=True)
class Plan:
    """Connections between one port of the server and a few of the client, treated alike by the box."""

    index: int
    kind: str
    ipv6: bool
    start: float
    rounds: tuple[Round, ...]
    policy: Policy
    patience: float
    """Seconds after which the client gives up connecting."""
    accept_after: float = 0.0
    backlog: int = 64
    side_by_side: int = 1
    """How many clients connect at once, from ports one after the other."""
    options: tuple[str, ...] = ()

    @property
    def server_port(self) -> int:
        """Where the server listens."""
        return SERVER_PORTS + self.index

    def client_port(self, which: int = 0) -> int:
        """From where the client connects."""
        return CLIENT_PORTS + self.index * PORTS_EACH + which


@dataclass(frozen=True)
class View:
    """A capture that the run is seen through.

    `place` is an interface of a host (`client`, `server`), the box before it loses anything (`box`) or afterwards
    (`behind`), or both hosts merged (`both`). `late` and `early` are seconds missing at the beginning and end, `only`
    is the host whose packets alone are there, `twice` has each packet a second time, as on Linux' interface `any`.
    """

    place: str
    late: float = 0.0
    early: float = 0.0
    only: str = ""
    twice: bool = False

    @property
    def name(self) -> str:
        """The view in a few words, for names of files."""
        words = [self.place]
        words += ["late"] * bool(self.late) + ["early"] * bool(self.early) + ["twice"] * self.twice
        return "-".join(words + ([f"only-{self.only}"] if self.only else []))


@dataclass(frozen=True)
class Run:
    """All that follows from a seed."""

    seed: int
    plans: tuple[Plan, ...]
    views: tuple[View, ...]
    settings: dict[str, dict[str, int]] = field(default_factory=dict)
    """net.ipv4 settings of each host."""


def run_of(seed: int, connections: int = 60) -> Run:
    """The run of a seed, with about so many connections."""
    chance = random.Random(f"run {seed}")
    plans: list[Plan] = []
    while sum(len(plan.rounds) * plan.side_by_side for plan in plans) < connections:
        plans.append(_plan(random.Random(f"plan {seed} {len(plans)}"), len(plans)))
    return Run(seed, tuple(plans), _views(chance), {name: _settings(chance) for name in ("client", "server")})


def _settings(chance: random.Random) -> dict[str, int]:
    """Settings of one host: what many have, and what shortens waiting."""
    choices: dict[str, tuple[float, list[int]]] = {
        "tcp_timestamps": (0.35, [0]),
        "tcp_sack": (0.15, [0]),
        "tcp_window_scaling": (0.15, [0]),
        "tcp_ecn": (0.15, [1]),
        "tcp_fin_timeout": (0.6, [2, 4]),
        "tcp_orphan_retries": (0.5, [1, 2]),
        "tcp_retries2": (0.4, [3]),
        "tcp_syn_retries": (0.7, [1, 2]),
        "tcp_synack_retries": (0.6, [1, 2]),
        "tcp_syn_linear_timeouts": (0.6, [0]),
        "tcp_tw_reuse": (0.3, [1]),
        "tcp_rfc1337": (0.15, [1]),
        "tcp_abort_on_overflow": (0.3, [1]),
    }
    drawn = {name: chance.choice(values) for name, (often, values) in choices.items() if chance.random() < often}
    # With a cookie there is no request that could be in a state.
    return {"tcp_syncookies": 0, **drawn}


def _views(chance: random.Random) -> tuple[View, ...]:
    """One plain capture on a host's interface, one elsewhere, and one with something missing."""
    late, early = chance.choice([0.0, 1.0, 2.5]), chance.choice([0.0, 1.5, 4.0])
    cut = View(chance.choice(["client", "server", "box", "behind"]), late, early)
    if chance.random() < 0.4 or not (late or early):
        cut = replace(cut, only=chance.choice(["client", "server"]))
    other = View(chance.choice(["box", "behind", "both", "client", "server"]), twice=chance.random() < 0.2)
    first = View(chance.choice(["client", "server"]))
    return tuple(dict.fromkeys((first, other, cut)))


def _plan(chance: random.Random, index: int) -> Plan:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    rounds = chance.choice([2, 2, 3]) if kind == "reuse" else 1
    plan = Plan(
        index=index,
        kind=kind,
        ipv6=chance.random() < 0.4,
        start=round(chance.uniform(0, SPREAD), 3),
        rounds=tuple(_round(chance, first=number == 0) for number in range(rounds)),
        policy=_policy(chance),
        patience=chance.choice([1.5, 3.0, 6.0, 8.0]),
        options=tuple(name for name in ("nodelay", "small window", "linger2", "defer") if chance.random() < 0.06),
    )
    match kind:
        case "simultaneous open":
            delay = (chance.choice([0.03, 0.06, 0.15]), chance.choice([0.03, 0.06, 0.15]))
            plan = replace(plan, policy=replace(plan.policy, delay=delay))
        case "abandoned":
            # Closed while it connects: what the peer says is late, lost, or never comes.
            slow = (chance.choice([0.02, 0.1]), chance.choice([0.1, 0.3]))
            hole = chance.choice([(), (Hole(0.0, chance.choice([0.8, 2.5, 30.0]), chance.choice(_SENDERS)),)])
            policy = replace(plan.policy, delay=slow, holes=hole)
            plan = replace(plan, policy=policy, patience=chance.choice([0.05, 0.15, 0.5, 1.4]))
        case "late accept":
            plan = replace(plan, accept_after=chance.choice([0.05, 0.3, 1.2, 3.0]))
        case "full backlog":
            plan = replace(plan, backlog=0, accept_after=chance.choice([0.7, 2.0, 30.0]), side_by_side=3)
        case "listener closes":
            plan = replace(plan, accept_after=30.0, side_by_side=chance.choice([1, 2]))
        case "keepalive":
            hole = Hole(chance.choice([0.4, 1.0]), chance.choice([2.0, 30.0]), chance.choice(_SENDERS))
            idle = Round(0.0, "idle", (("send", 20), ("wait",)), (("receive", 20), ("wait",)))
            policy = replace(plan.policy, holes=(hole,), loss=(0.0, 0.0), forgeries=())
            plan = replace(plan, policy=policy, rounds=(idle,), options=("keepalive",))
    return plan


_SENDERS = [("client",), ("server",), ("client", "server")]


_MISFORTUNES = ["loss", "loss", "reorder", "repeat", "fin", "opening", "reset", "forge", "forge", "hole", "idle"]


def _policy(chance: random.Random) -> Policy:
    """What befalls a connection: nothing, or one to three misfortunes."""
    policy = Policy()
    if chance.random() < 0.5:
        slow = chance.choice([0.001, 0.01, 0.04, 0.12, 0.2])
        policy = replace(policy, delay=chance.choice([(slow, slow), (slow, 0.001), (0.001, slow)]))
    if chance.random() < 0.35:
        return policy
    for _ in range(chance.choice([1, 1, 2, 3])):
        policy = _worse(chance, policy)
    return policy


def _worse(chance: random.Random, policy: Policy) -> Policy:
    end = chance.choice(["client", "server"])
    match chance.choice(_MISFORTUNES):
        case "loss":
            often = chance.choice([0.01, 0.03, 0.1, 0.2])
            return replace(policy, loss=chance.choice([(often, often), (often, 0.0), (0.0, often)]))
        case "reorder":
            return replace(policy, reorder=(chance.choice([0.05, 0.4]), chance.choice([0.002, 0.01, 0.04])))
        case "repeat":
            return replace(policy, repeat=(chance.choice([0.2, 0.5]), chance.choice([0.0001, 0.002, 0.02, 0.15])))
        case "fin":
            lost = Drop(end, "F", "", chance.choice([1, 1, 2, 99]))
        case "opening":
            flags, lacks = chance.choice([("S", "A"), ("SA", ""), ("A", "SFRP")])
            lost = Drop("server" if flags == "SA" else "client", flags, lacks, chance.choice([1, 1, 2, 99]))
        case "reset":
            lost = Drop(end, "R", "", chance.choice([1, 99]))
        case "forge":
            return replace(policy, forgeries=(*policy.forgeries, _forgery(chance, end)))
        case "hole":
            hole = Hole(chance.choice([0.0, 0.1, 0.3, 1.0]), chance.choice([0.3, 1.0, 30.0]), chance.choice(_SENDERS))
            return replace(policy, holes=(*policy.holes, hole))
        case _:
            return replace(policy, idle=chance.choice([0.25, 0.55, 1.0]), idle_resets=chance.random() < 0.3)
    return replace(policy, drops=(*policy.drops, lost))


def _forgery(chance: random.Random, end: str) -> Forgery:
    flags = chance.choice(["R", "R", "RA", "FA", "FA", "S", "SA", "A", "PA"])
    shift = chance.choice([0, 0, 1, 300, 3000, 90_000, 900_000_000, -1, -300])
    ack_shift = chance.choice([0, 0, 0, 5000, -5000])
    payload = chance.choice([1, 60]) if "P" in flags else 0
    return Forgery(chance.choice([0.05, 0.1, 0.3, 0.6, 1.2]), end, flags, shift, ack_shift, payload)


def _round(chance: random.Random, first: bool) -> Round:
    gap = 0.0 if first else chance.choice([0.0, 0.05, 0.3, 1.1])
    name = chance.choice(list(ENDINGS))
    begin = talk(chance)
    client, server = ENDINGS[name](chance)
    ends = (*begin[0], *client), (*begin[1], *server)
    if chance.random() < 0.4:
        # The server takes the part of the client.
        other = {"send": "receive", "receive": "send"}
        turned = [tuple((other[step[0]], *step[1:]) if step[0] in other else step for step in one) for one in begin]
        ends = (*turned[0], *server), (*turned[1], *client)
    return Round(gap, name, *ends)
