"""Questions about a connection: an end's state after a packet, the packet that comes next, the one that was lost."""
