"""Answers for programs that talk the Model Context Protocol: ``pcapstate mcp``.

The server (``server``) is a process with the SDK, which has parts under Apache-2.0 alone: Scapy must never be in it.
Captures are read in worker processes (``worker``) without the SDK, which have bounds on time and memory.
"""
