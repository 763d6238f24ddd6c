"""Conformance of implementations: the proved identities as properties of somebody's code.

`conform` runs one target under one specification in a process of its own and returns a `Report`.

    from symcheck.conformance import conform
    report = conform("kernel.py:rotate", "rope")
    print(report.to_text())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symcheck.conformance.adapters import Adapter as Adapter
    from symcheck.conformance.report import ConformInputError as ConformInputError
    from symcheck.conformance.report import Report as Report
    from symcheck.conformance.report import Row as Row
    from symcheck.conformance.suite import conform as conform
    from symcheck.conformance.suite import list_specs as list_specs
    from symcheck.conformance.suite import list_targets as list_targets

_HOMES = {
    "conform": "suite",
    "list_specs": "suite",
    "list_targets": "suite",
    "ConformInputError": "report",
    "Report": "report",
    "Row": "report",
    "Adapter": "adapters",
}

__all__ = ["Adapter", "ConformInputError", "Report", "Row", "conform", "list_specs", "list_targets"]


def __getattr__(name: str) -> Any:
    # The worker imports this package too and must not pay for the specifications.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"symcheck.conformance.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
