"""Solvers: one step of a discretisation."""
