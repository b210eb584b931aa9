"""JSON shapes of the sales department."""
