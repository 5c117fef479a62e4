"""How things are worded: the styles of the systems' netstat, languages, and what the states mean."""
