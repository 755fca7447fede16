"""Consumes what is enhanced, submitted or to be cut out; publishes what is rendered."""
