"""A real mail server for tests, that answers what a test tells it to."""
