"""The HTTP door: what each path reads, refuses and answers."""
