"""Template tags of the roof."""
