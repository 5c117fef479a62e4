"""Where the tests find what they read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PCAPS = ROOT / "tests" / "pcaps"
TRUTH = ROOT / "tests" / "real_stacks" / "truth"
CAPTURES = sorted(path for folder in (PCAPS, TRUTH) for path in folder.glob("*.pcap*"))
SAMPLES = sorted((ROOT / "pcapstate" / "samples" / "captures").iterdir())
