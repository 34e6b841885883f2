"""`throng bench`: how long the work takes, beside DuckDB on the same files."""
