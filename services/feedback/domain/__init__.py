"""What feedback keeps, and what it makes of it."""
