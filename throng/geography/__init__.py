"""Outlines of areas: as landed, or from the sites of the network."""
