"""The scenes of the story, by what they are about."""
