"""Releases: build, attack, publish. The SQL of it is in macros/release and models/."""
