"""The landing folder: its feeds, and what is wrong with their files."""
