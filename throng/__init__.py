"""Throng: the Python side of the dbt project (server, UDFs, synthetic country)."""
