"""One connection as a ladder: its packets one after the other between the states of both ends."""
