"""Listens to people: ratings, and what they mean."""
