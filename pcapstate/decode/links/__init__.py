"""Link layers, one file for each link type or family: its numbers, its name, and the parser of its header.

A new link type is a new file here, with a function marked ``link_type`` (see ``registry``), and its test in
``tests/decode/links/``; nothing else lists link types. Layouts: https://www.tcpdump.org/linktypes.html
"""
