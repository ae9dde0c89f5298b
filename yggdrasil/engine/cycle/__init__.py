"""The cycle engine: a world's log and its stages on langgraph (the only folder that imports it)."""
