"""A world: its stages, where it lives, how it begins, what it has lived."""
