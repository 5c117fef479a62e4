"""Strategies for packets of any kind, and for how a story of them is played."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.helpers.stories import SOON, STEP, VARIANTS_OF_ISN, Packet, Variant

packets = st.builds(
    Packet,
    side=st.sampled_from("CS"),
    flags=st.one_of(st.sampled_from([0x02, 0x12, 0x10, 0x18, 0x11, 0x14, 0x04]), st.integers(0, 255)),
    seq=st.integers(-2, 6),
    ack=st.integers(-2, 6),
    length=st.sampled_from([0, 0, 0, 1, 2, 1400]),
    states=st.none(),
    after=st.sampled_from([STEP, STEP, SOON, -SOON]),
)
variants = st.builds(Variant, mirrored=st.booleans(), isn=st.sampled_from(VARIANTS_OF_ISN))
