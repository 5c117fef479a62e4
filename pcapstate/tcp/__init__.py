"""Segments to states: the machine, and what tracks it."""
