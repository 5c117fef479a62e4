"""Metrics read by Prometheus' own parsers, in a process of its own, and by a check of the rules they do not enforce."""

from __future__ import annotations

import json
import re
import subprocess
import sys

PARSE = """
import json, sys
if sys.argv[1] == "openmetrics":
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
else:
    from prometheus_client.parser import text_string_to_metric_families as read
families = read(sys.stdin.buffer.read().decode())
found = [[one.name, one.type, one.documentation, [list(sample[:3]) for sample in one.samples]] for one in families]
json.dump(found, sys.stdout)
"""
NAME = re.compile(r"[a-z][a-z0-9_]*")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: bytes, kind: str = "prometheus") -> Samples:
    """Return the value of each name and labels; ``kind``: prometheus or openmetrics."""
    done = subprocess.run([sys.executable, "-c", PARSE, kind], input=text, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    found: Samples = {}
    names = []
    for name, type_, help_, of_family in json.loads(done.stdout):
        names.append(name)
        assert NAME.fullmatch(name)
        assert type_ in ("gauge", "counter")
        assert help_.endswith(".")
        assert of_family, name
        for sample, labels, value in of_family:
            assert sample == (f"{name}_total" if type_ == "counter" else name)
            key = (sample, tuple(sorted(labels.items())))
            assert key not in found
            assert value >= 0
            found[key] = value
    # A family begins once, with its help and type in front of it.
    assert len(set(names)) == len(names)
    assert text.count(b"# TYPE ") == text.count(b"# HELP ") == len(names)
    return found


def total(found: Samples, name: str, /, **labels: str) -> float:
    """Return the sum of the samples of a name that have these labels."""
    values = [
        value
        for (sample, of_sample), value in found.items()
        if sample == name and {(label.rstrip("_"), one) for label, one in labels.items()} <= set(of_sample)
    ]
    assert values, name
    return sum(values)
