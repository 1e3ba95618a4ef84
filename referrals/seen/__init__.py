"""Seen before: the same child, the same family, the same household, found again."""
