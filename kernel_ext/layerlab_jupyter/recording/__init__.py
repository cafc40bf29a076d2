"""A run in memory: every step up to a limit, and what is kept of it beyond."""
