"""The cycle engine: a world's log, its stages in canon's order, and the agent's loop."""
