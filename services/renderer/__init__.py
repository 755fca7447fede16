"""Consumes edit.enhanced, publishes edit.rendered: makes the pixels."""
