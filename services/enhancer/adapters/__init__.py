"""Where instructions and descriptions come from, one module per vendor or technology."""
