"""Codecs: between pictures (or sound, or video) and latents."""
