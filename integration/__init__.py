"""What happened, and who is told: event log, jobs with progress, idempotency keys, tokens."""
