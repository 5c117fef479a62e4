"""Numbers of a growing capture for Prometheus: counted, named, written as text, served."""
