"""Durable sessions: any block remembers, pauses and goes on over restarts, in the log that worlds have."""
