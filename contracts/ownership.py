"""Whose an erased job was, for those alone who know the owner's name."""

from uuid import UUID

from contracts.objects import digest


def whose(job_id: UUID, owner: str) -> str:
    """A job's owner as no two jobs of them have it, and nobody can tell who it is."""
    return digest(f"{job_id}:{owner}".encode())[:32]
