"""The examples of the project brief, as they are written there."""
