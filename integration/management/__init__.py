"""Commands of integration."""
