"""Names for numbers: ports and protocols."""
