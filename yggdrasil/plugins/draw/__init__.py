"""Drawing: a sentence becomes a scene, a scene a picture."""
