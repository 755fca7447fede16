"""Untrusted pictures: limits, the check before anything is queued, and pipelines of named steps.

Importing this package loads nothing; its modules load libvips, so only services whose extra
brings pyvips import them.
"""
