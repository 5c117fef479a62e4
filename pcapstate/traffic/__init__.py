"""What frames tell beside TCP connections: who sent how much to whom, through which station, by which protocol."""
