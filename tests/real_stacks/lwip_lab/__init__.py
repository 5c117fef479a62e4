"""Another stack: lwIP, as Debian packages it, against the Linux kernel; each end with the states its own stack had.

* ``lwip_host.c``: a host whose TCP is lwIP's, told what to do line by line, which writes its states
* ``stack``: that program, compiled and running
* ``ends``: what a situation can do with either end of a connection
* ``situations``: what happens, whichever of the two opens
* ``recording``: all situations side by side, a capture, and the truth
"""
