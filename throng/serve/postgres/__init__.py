"""What is published in PostgreSQL, for BI tools that speak no Hive."""
