"""Genres as data: what a template's file says of what each stage is asked, in which words, and what an answer holds."""
