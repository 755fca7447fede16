"""Feedback: keeps one rating for each edit, and answers what was said."""
