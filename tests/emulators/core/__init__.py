"""What every emulator shares: the server, calls and replies, faults, the record, the pictures."""
