"""The only door: submissions over HTTP and bus in; status, pictures and event streams out."""
