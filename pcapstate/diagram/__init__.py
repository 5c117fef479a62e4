"""The state diagram of RFC 9293, from the table of transitions, with the paths of a connection on it."""
