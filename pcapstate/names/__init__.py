"""Names for numbers: ports, protocols, and addresses, these by what the capture itself says of them."""
