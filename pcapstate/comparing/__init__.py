"""Two captures of the same traffic, one at either end: packets lost or changed between them, and pairs of states."""
