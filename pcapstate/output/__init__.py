"""One file per way of writing the answers."""
