"""Measure what docs/performance.md tells: each prints a table, with --json one object, too."""
