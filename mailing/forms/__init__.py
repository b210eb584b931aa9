"""Forms of the mailing screens."""
