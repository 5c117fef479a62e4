"""What an experienced engineer would point at in a capture: one file per family of findings."""
