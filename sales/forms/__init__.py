"""Forms of the sales screens."""
