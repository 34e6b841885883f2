"""A synthetic country: phone events for demos, tests and measurement, and the truth behind them."""

from throng.synth.generator import generate
from throng.synth.settings import Report, Settings, SynthError

__all__ = ["Report", "Settings", "SynthError", "generate"]
