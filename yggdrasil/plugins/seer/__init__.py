"""The seer: what is really on a picture."""
