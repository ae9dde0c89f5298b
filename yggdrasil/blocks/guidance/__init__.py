"""Guidance: how a conditional and an unconditional prediction are combined."""
