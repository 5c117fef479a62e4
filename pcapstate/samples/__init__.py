"""Captures that come with the package: exchanges between real hosts, to learn from and to teach with."""
