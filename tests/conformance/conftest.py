"""Runs the selected mutants and variants ahead of their tests, two at a time: each waits for its own process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from .reports import mutant_report, variant_report


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = []
    for item in session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if item.name.startswith("test_mutant_fails_with_its_cause["):
            wanted.append((mutant_report, parameters["mutant"].function))
        elif item.name.startswith("test_no_false_alarm["):
            wanted.append((variant_report, parameters["name"]))
    # Under xdist every process collects all tests and runs some: there is nothing to prepare.
    alone = not hasattr(session.config, "workerinput") and not getattr(session.config.option, "numprocesses", 0)
    if alone and len(wanted) > 8 and not session.config.option.collectonly:
        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(run, name) for run, name in wanted]:
                future.exception()  # the test that asks for it again sees the error
