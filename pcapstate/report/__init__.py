"""A report on a capture: one HTML file with findings, states over time, and connections packet by packet."""
