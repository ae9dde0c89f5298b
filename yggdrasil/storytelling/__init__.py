"""The genre of worlds that are told: what its stages ask of an agent, and the guide of a weak model."""
