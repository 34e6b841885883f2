"""Hypothesis draws the same examples each time and never fails for a slow machine."""

from hypothesis import settings

settings.register_profile("stable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("stable")
