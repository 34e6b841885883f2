"""Dashboards over the marts in Apache Superset: the bundle of files, and a Superset with it."""
