"""Letters, notices and their recipients."""
