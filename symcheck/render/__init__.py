"""Prints terms as LaTeX (``tex``) and plain text (``text``), and whole documents (``document``).

How a defined constant is printed is said once, by the script that defines it: ``notation.register``.
"""
