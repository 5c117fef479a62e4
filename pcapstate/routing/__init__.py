"""Which way packets went: neighbours, gateways and routes, as far as traffic shows them."""
