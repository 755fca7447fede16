"""The local renderer: what a sentence asks of the pixels, and doing it with libvips."""
