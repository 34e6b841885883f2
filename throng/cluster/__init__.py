"""`throng cluster`: Spark's standalone cluster on one machine, to try what a cluster does."""
