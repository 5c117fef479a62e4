"""Go back to any moment of what was read: the packets are kept, and tracked again from the checkpoint before it."""
