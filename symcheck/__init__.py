"""Settles claims about the mathematics of Transformer positional encodings."""

__version__ = "0.1.0"
