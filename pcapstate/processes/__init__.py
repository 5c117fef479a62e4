"""Which process has an endpoint, as the capture itself tells it: no system is ever asked."""
