"""Sources of packets: capture files, pipes, interfaces."""
