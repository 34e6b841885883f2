"""A picture of one day of one synthetic subscriber: events, stops, journeys, and the truth."""
