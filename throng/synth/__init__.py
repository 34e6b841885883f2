"""A synthetic country: phone events for demos, tests and measurement, and the truth behind them."""
