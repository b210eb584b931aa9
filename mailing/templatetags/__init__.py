"""Template tags of mailing."""
