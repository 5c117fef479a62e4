"""Fuzzing of everything that reads bytes or text of others; see README.md."""
