"""Listings quoted from the documents under examination, as data: verbatim, and with indentation restored."""

from pathlib import Path


def stored(name: str) -> str:
    """A listing by the name of its file."""
    return (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
