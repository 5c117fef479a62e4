"""Two kernels, a box between them that loses, delays, repeats, reorders and translates, and a capture on either host.

The runs are those of the random lab without forged segments: what both captures show, and what both kernels did, is
known for every packet and every socket.
"""
