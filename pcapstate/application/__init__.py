"""What the packets say of the application that speaks: hellos, requests, greetings."""
