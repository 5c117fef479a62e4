"""Run the random lab for some seeds, judge what the program says of each run, and print figures as Markdown tables.

Usage: python tests/real_stacks/random_runs.py OUTDIR SEED ... [--all] [--jobs N] [--write PAGE]

A seed is a number, or several: 1-40.

Captures and truth files with differences stay in OUTDIR, with --all all of them. --write puts the figures into a page,
between ``<!-- measured: kernel-random -->`` and ``<!-- end of measured part -->``. Needs root on Linux.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kernel_lab.inference import lines
from kernel_lab.runner import reason_to_skip
from random_lab.judging import Judgement, judge
from random_lab.plans import run_of
from random_lab.recording import record
from random_lab.truth import Hosts, document, write
from random_lab.views import Own, seen
from random_lab.views import write as write_capture

_MOST_KINDS = 25
_MEASURED = re.compile(r"(?<=<!-- measured: kernel-random -->\n).*?(?=<!-- end of measured part -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Run, judge and print; exit code 1 if a run failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("seeds", nargs="+", metavar="SEED")
    parser.add_argument("--all", action="store_true", help="keep what is right, too")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs go on at once")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the figures into this page")
    parser.add_argument("--record", action="store_true", help="only record one seed, judge nothing")
    options = parser.parse_args(arguments)
    if problem := reason_to_skip():
        print(problem, file=sys.stderr)
        return 2
    options.directory.mkdir(parents=True, exist_ok=True)
    try:
        seeds = [seed for text in options.seeds for seed in _seeds(text)]
    except ValueError:
        print(f"a seed is a number, or two with - between: {' '.join(options.seeds)}", file=sys.stderr)
        return 2
    if options.record:
        for seed in seeds:
            record_run(seed, options.directory)
        return 0
    total, failures = run_and_judge(seeds, options.directory, options.jobs, keep_all=options.all)
    print(tables(total))
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(_MEASURED.sub(lambda _: measured(total, len(seeds)), page), encoding="utf-8")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def run_and_judge(
    seeds: list[int], directory: Path, jobs: int, *, keep_all: bool = False
) -> tuple[Judgement, list[str]]:
    """Run seeds side by side, each in a process of its own, and add up what is right; also says which runs failed."""

    def one(seed: int) -> tuple[Judgement, str]:
        command = [sys.executable, __file__, str(directory), str(seed), "--record"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return Judgement(), f"run {seed}: {done.stderr.strip()[-2000:]}"
        found = Judgement()
        for path in sorted(directory.glob(f"run-{seed}-*.truth.json")):
            found.add(_judged(path, keep_all=keep_all))
        return found, ""

    total, failures = Judgement(), []
    with ThreadPoolExecutor(jobs) as pool:
        for found, failure in pool.map(one, seeds):
            total.add(found)
            if failure:
                failures.append(failure)
    return total, failures


def record_run(seed: int, directory: Path) -> None:
    """Record the run of a seed, and leave a capture and the truth of each of its views in a directory."""
    run = run_of(seed)
    evidence = record(run, directory)
    own = Own.of(evidence)
    hosts = Hosts(evidence, own)
    for view in run.views:
        name = f"run-{seed}-{view.name}"
        shown = seen(evidence, own, view)
        write_capture(shown, directory / f"{name}.pcap")
        write(document(evidence, hosts, shown, name), directory / f"{name}.truth.json")
    for path in evidence.captures.values():
        path.unlink()


def _judged(path: Path, *, keep_all: bool) -> Judgement:
    truth = json.loads(path.read_text())
    capture = path.parent / truth["file"]
    found = judge(truth, lines("timeline", capture))
    wrong = path.with_name(path.name.replace(".truth.json", ".wrong.txt"))
    if found.differences:
        wrong.write_text("".join(f"{one}\n" for one in found.differences), encoding="utf-8")
    elif not keep_all:
        capture.unlink()
        path.unlink()
    return found


def measured(total: Judgement, runs: int) -> str:
    """The figures for the documentation."""
    right, judged = total.endpoints_right, total.endpoints
    return "\n".join(
        [
            f"In {runs} runs, {right:,} of {judged:,} endpoints were right ({_percent(right, judged)}).\n",
            *_table("Word", total.words, "`{}`"),
            "",
            *_circumstances(total),
            "",
        ]
    )


def tables(total: Judgement) -> str:
    """The figures, as tables in Markdown."""
    judged = Counter({("connections", True): total.right, ("connections", False): total.connections - total.right})
    judged += Counter(
        {("endpoints", True): total.endpoints_right, ("endpoints", False): total.endpoints - total.endpoints_right}
    )
    kinds = Counter(difference.kind for difference in total.differences)
    parts = [
        *_table("Judged", judged),
        "",
        *_table("Word", total.words, "`{}`"),
        "",
        *_circumstances(total),
        "",
        *_table("State at a moment", total.moments),
        "",
        "| Difference | Endpoints |\n| --- | ---: |",
        *(f"| {kind} | {count} |" for kind, count in kinds.most_common(_MOST_KINDS)),
        "",
        "| Not judged, since | Endpoints |\n| --- | ---: |",
        *(f"| {reason} | {count} |" for reason, count in total.undecided.most_common()),
    ]
    return "\n".join(parts)


def _table(title: str, counts: Counter[tuple[str, bool]], form: str = "{}") -> Iterator[str]:
    yield f"| {title} | Right | Wrong | Right of all |"
    yield "| --- | ---: | ---: | ---: |"
    for name in sorted({name for name, _ in counts}):
        right, wrong = counts[name, True], counts[name, False]
        yield f"| {form.format(name)} | {right:,} | {wrong:,} | {_percent(right, right + wrong)} |"


def _circumstances(total: Judgement) -> Iterator[str]:
    """Which part of the endpoints is right, by the view and by what the box did."""
    views = sorted({view for view, _, _ in total.circumstances})
    suffered = [one for one in _SUFFERED if any(one == other for _, other, _ in total.circumstances)]
    yield f"| Capture | {' | '.join(_SUFFERED[one] for one in suffered)} |"
    yield f"| --- |{' ---: |' * len(suffered)}"
    for view in views:
        counts = [[total.circumstances[view, one, fine] for fine in (True, False)] for one in suffered]
        cells = [f"{_percent(right, right + wrong)} of {right + wrong:,}" for right, wrong in counts]
        yield f"| {view} | {' | '.join(cells)} |"


_SUFFERED = {
    "nothing": "Delay alone",
    "loss": "Loss, reordering, repetition",
    "silence": "Holes, NAT timeouts",
    "forged segments": "Forged segments",
}


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
