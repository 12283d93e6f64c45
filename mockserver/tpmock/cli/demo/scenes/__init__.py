"""Scenes of the demo, one module per topic."""
