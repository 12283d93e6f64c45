"""Small parts that all programs share: moments, suggestions, the control client."""
