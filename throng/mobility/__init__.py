"""Where a phone stayed and how it went from place to place: pure functions on flat arrays."""
