"""What stands behind an OpenAI-compatible endpoint: one connection for all of it, and the blocks that use it."""
