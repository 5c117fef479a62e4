"""Traffic beyond TCP connections: bytes and packets by source, target, station and protocol."""
