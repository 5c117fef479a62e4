"""Connections of mixed fate between two Linux kernels at a given rate, while pcapstate captures on one of the hosts.

* ``fates``: what becomes of a connection, a step at a time
* ``traffic``: the hosts, a bridge between them that drops chosen segments, and the connections at their rates
* ``recording``: a run, with what pcapstate, the kernel and ``ss`` say of it
* ``judging``: the transitions and the tables of pcapstate against those of the kernels
"""
