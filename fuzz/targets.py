"""What is fuzzed, by name."""

from __future__ import annotations

from . import files, frames, layers, messages, mutating, texts
from .program import whole
from .target import Target, captures

TARGETS = {
    "pcap": Target(whole, lambda: captures("*.pcap", 8_000), mutating.pcap, True),
    "pcapng": Target(whole, lambda: captures("*.pcapng", 12_000), mutating.pcapng, True),
    "readers": Target(files.readers, captures, files.any_capture, True),
    "unpacking": Target(files.unpacking, files.packed_seeds, files.packed, True),
    "merging": Target(files.merging, files.several_seeds, files.parts_of_captures, True),
    "growing": Target(files.growing, files.growing_seeds, mutating.in_parts, True),
    "frames": Target(frames.frames, frames.frame_seeds),
    "nested": Target(layers.nested, layers.nested_seeds, layers.any_layers),
    "fragments": Target(layers.fragments, layers.fragment_seeds),
    "names": Target(messages.names, messages.name_seeds),
    "application": Target(messages.application, messages.application_seeds),
    "filters": Target(texts.filters, texts.filter_seeds, texts.any_text),
    "moments": Target(texts.moments, texts.moment_seeds, texts.any_text),
}
