"""What storage decides without touching anything: rows, announcements, verdicts, results."""
