"""The screen of ``live`` and ``browse``: the table of any moment, in a terminal."""
