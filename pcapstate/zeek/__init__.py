"""Connections in Zeek's terms: the letters of ``history``, and the states of both ends that ``conn_state`` sums up."""
