"""The processes of endpoints, by the capture alone: the system is never asked."""
