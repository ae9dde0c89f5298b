"""Language models: one block with several backends, in this process, in a process of its own, or behind an endpoint."""
