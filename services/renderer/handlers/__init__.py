"""What the renderer does: make pictures, collect them from providers, remove backgrounds."""
