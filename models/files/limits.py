"""What the operator decided about files; set once at start-up."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class FileLimits:
    """How much and how checked."""

    clamav: str = ""
    """Where the virus scanner listens (`tcp://host:port`, `unix:///path`); empty for none."""

    scan_seconds: float = 60
    """So long the scanner may say nothing."""

    company_bytes: int = 0
    """All files together; 0 for no limit."""

    waiting_bytes: int = 1024 * MEGABYTE
    """What one person may have sent that no record holds yet."""

    max_pixels: int = 65 * MEGAPIXEL
    """Width × height of a picture."""


_limits = FileLimits()


def limits() -> FileLimits:
    """Return what holds in this process."""
    return _limits


def set_file_limits(chosen: FileLimits) -> None:
    """Let these hold from now on."""
    global _limits  # noqa: PLW0603  (the one choice of the process)
    _limits = chosen
