"""Where the tests find what they read."""

from pathlib import Path

from pcapstate.samples import catalogue

ROOT = Path(__file__).parents[2]
PCAPS = ROOT / "tests" / "pcaps"
TRUTH = ROOT / "tests" / "real_stacks" / "truth"
CAPTURES = sorted(path for folder in (PCAPS, TRUTH) for path in folder.glob("*.pcap*"))
SAMPLES = sorted(catalogue.CAPTURES.iterdir())
