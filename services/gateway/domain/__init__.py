"""What the gateway decides: pure, over the ports of the chassis."""
