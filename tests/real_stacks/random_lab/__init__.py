"""Random runs between two real kernels: applications, a box that mistreats packets, and captures, all from a seed.

* ``plans``: what happens in the run of a seed
* ``scripts``: what applications do, and how connections end
* ``box``: the box between the hosts
* ``applications``: sockets that do what a plan says
* ``recording``: one run, and the evidence of it
* ``views``: the evidence as captures at some place, with a part missing
* ``deciding``: what no packet of a view can decide
* ``truth``: the states of the kernels, as seen from a view
* ``judging``: the program's answers against the truth, and how often each word of certainty is right
"""
