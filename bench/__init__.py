"""Measure what docs/performance.md tells; each module prints a table, with --json an object, too."""
