"""Pictures made larger by networks that learned what drawings look like."""
