"""Where bytes come from: capture files, pipes, interfaces."""
