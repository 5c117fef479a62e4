"""A laboratory that records what the Linux TCP stack really does, as ground truth for inference from packets.

Each scenario runs real sockets in two network namespaces joined by a wire in user space, captures the packets with
tcpdump and the state changes with the kernel's own tracepoint, and puts both side by side.

* ``namespaces``: network namespaces without names, and TAP interfaces inside them
* ``segments``: TCP segments, read from frames and capture files, and forged
* ``wire``: carries frames between the two hosts; loses, repeats or holds chosen segments
* ``recorder``: tcpdump, the state tracepoint and the kernel's socket table
* ``truth``: evidence of one host turned into the states each of its sockets went through
* ``document``: the truth as seen from one capture, with what no packet there can tell marked
* ``hosts``: the two hosts and their sockets
* ``lab``: what a scenario is given to work with
* ``runner``: runs scenarios side by side
* ``scenarios_*``: the scenarios
* ``compare``: the kernel's states against those a program inferred
* ``inference``: runs the program under test on the recordings
"""
