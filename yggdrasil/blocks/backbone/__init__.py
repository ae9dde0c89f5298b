"""Backbones: one prediction of a denoising network."""
