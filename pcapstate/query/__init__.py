"""The language of ``--filter``, and what the other options say about which rows, in which order, with which columns."""
