"""Agents: a model, its tools and a memory as one block; a policy decides how the model is asked."""
