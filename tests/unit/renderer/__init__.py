"""The renderer on its own."""
