"""Marts as files that Hive and Athena read: their folders, their DDL, and what a query costs."""
