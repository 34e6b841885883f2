"""`throng report`: what is published, as one page to look at."""
