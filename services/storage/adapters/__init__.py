"""Postgres and JetStream, as storage uses them."""
