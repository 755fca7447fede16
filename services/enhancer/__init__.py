"""Consumes edit.requested, publishes edit.enhanced: makes a person's sentence precise."""
