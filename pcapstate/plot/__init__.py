"""Connections by state over time, as a picture: text, SVG, PNG."""
