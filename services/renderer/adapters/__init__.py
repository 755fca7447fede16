"""Image providers, one module per vendor or technology."""
