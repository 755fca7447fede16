"""Long runs that kill, cut and flood the real system: `make chaos`."""
