"""What the services say to each other and to the world; pydantic and the standard library."""
