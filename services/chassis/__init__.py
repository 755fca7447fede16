"""What every service stands on; functions and values, no base classes. Not a service."""
