"""The gateway's connections to the rest: the journal's feed, the other services, the process."""
