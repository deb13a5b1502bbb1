"""Small networks for the questions of stress on record."""
