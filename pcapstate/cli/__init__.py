"""The command line: parse, call a view, hand it to an output."""
