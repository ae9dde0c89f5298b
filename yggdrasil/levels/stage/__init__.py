"""A stage: what it asks of its body, and what of the answer becomes the world's."""
