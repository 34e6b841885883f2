"""Dashboards in Apache Superset over the marts: the bundle of files, and a Superset that shows it."""
