"""Names of ports, protocols, and addresses; those of addresses come from the capture itself."""
