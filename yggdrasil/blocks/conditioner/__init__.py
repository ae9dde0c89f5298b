"""Conditioners: raw conditions to embeddings."""
