"""Segments of users by how they use the phone: pure functions on arrays of numbers."""
