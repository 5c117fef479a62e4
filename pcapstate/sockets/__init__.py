"""What netstat would have said on a host: its rows, what stands beside them, and what they are gathered from."""
