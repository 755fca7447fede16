"""How Mizual is run: the embedded stack, images and manifests."""
