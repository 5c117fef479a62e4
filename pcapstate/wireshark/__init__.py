"""States as fields of packets in Wireshark: what its plug-in reads, and where plug-in and profile belong."""
