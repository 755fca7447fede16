"""The five services and their chassis."""
