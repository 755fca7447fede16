"""Black Forest Labs: submit, poll, download; webhooks and credits."""
