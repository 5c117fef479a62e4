"""The application of a connection, by its packets: TLS hellos, HTTP requests, greetings."""
