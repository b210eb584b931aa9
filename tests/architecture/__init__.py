"""What must never land broken: the shape of the house, checked at every commit."""
