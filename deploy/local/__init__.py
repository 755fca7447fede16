"""The embedded stack: real servers out of wheels and the five services, on one machine."""
