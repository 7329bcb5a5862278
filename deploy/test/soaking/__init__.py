"""The parts of the soak: see ../soak."""
