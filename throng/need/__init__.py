"""Where help is needed most: entities with similar figures, and what these have in common."""
