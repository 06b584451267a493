"""Imports."""


def check(job: object) -> None:
    """Check."""
    raise NotImplementedError(job)


def run(job: object) -> None:
    """Run."""
    raise NotImplementedError(job)
