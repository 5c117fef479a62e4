"""The host's own word: tables of sockets that somebody saved there, read from files. No socket is asked for."""
