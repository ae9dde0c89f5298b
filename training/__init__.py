"""How the embedded painter and seer are made: drawings, scenes with captions, and what learns from them."""
