"""The deliberately broken programs: that each is wrong in one way, and is found by its checks."""
