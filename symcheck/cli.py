"""The command line. Every command takes ``--json``; exit status 0, 1 (something failed or was found) or 2.

Imports are made inside the commands: ``--help`` starts without SymPy, NumPy and the derivations.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from . import __version__

app = typer.Typer(
    name="symcheck", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Settles claims about the mathematics of Transformer positional encodings, with checked proofs.",
)  # fmt: skip
CORES = os.cpu_count() or 1
Ids = Annotated[list[str] | None, typer.Argument(help="identifiers; a family name stands for all of it")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on standard output, nothing else")]


def main() -> None:
    """Entry point of the ``symcheck`` command."""
    app()


def fail(message: str) -> typer.Exit:
    """Print one line on standard error and give the exit for unusable input."""
    typer.echo(f"symcheck: {' '.join(str(message).split())}", err=True)
    return typer.Exit(2)


@contextmanager
def unusable_input() -> Iterator[None]:
    """Turn the errors that say what is wrong with the input into one line and exit status 2."""
    from .claims import UnknownId

    try:
        yield
    except UnknownId as e:
        raise fail(str(e)) from None
    except OSError as e:
        raise fail(f"{e.filename or 'file'}: {e.strerror or e}") from None


def emit(data: Any) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def console() -> Any:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def progress(items: Iterable[Any], total: int, what: str, quiet: bool) -> Iterator[Any]:
    """A progress bar on standard error where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, total=total, console=Console(stderr=True), transient=True)


@app.callback(invoke_without_command=True)
def options(version: Annotated[bool, typer.Option("--version", help="print the version")] = False) -> None:
    """Options that stand before a command."""
    if version:
        typer.echo(f"symcheck {__version__}")
        raise typer.Exit()


@app.command()
def verify(
    ids: Ids = None,
    source: Annotated[str | None, typer.Option(help="only the claims of this document")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="processes")] = 1,
    crosscheck: Annotated[bool, typer.Option(help="compare theorems with the kernels")] = True,
    as_json: AsJson = False,
) -> None:
    """Prove, re-check and cross-check every theorem and claim, or those named."""
    from . import claims
    from .settling import settle_all

    with unusable_input():
        entries = claims.find(ids or (), source)
    records = list(progress(settle_all(entries, jobs=jobs, crosscheck=crosscheck), len(entries), "settling", as_json))
    failed = [r for r in records if r["problem"]]
    results = [r["result"] for r in records]
    summary = {v: sum(r["verdict"] == v for r in results) for v in claims.VERDICTS}
    if as_json:
        emit({"version": 1, "summary": summary, "results": results})
    else:
        from .render.tables import verdict_table

        verdict_table(console(), records, summary)
    raise typer.Exit(1 if failed else 0)


@app.command()
def show(id: Annotated[str, typer.Argument(help="a theorem or a claim")], as_json: AsJson = False) -> None:
    """Statement, verdict, proof or witness, what it rests on, and where it is claimed."""
    from . import claims
    from .render.entry import entry_json, entry_text

    with unusable_input():
        (entry, *more) = claims.find([id])
    if more:
        raise fail(f"{id!r} is a family; name one of {', '.join(e.id for e in (entry, *more))}")
    result = claims.settle(entry)
    if as_json:
        emit(entry_json(result))
    else:
        out = console()
        out.print(entry_text(result, min(out.width, 100)), markup=False)
    raise typer.Exit(0 if result.ok else 1)


@app.command()
def export(
    ids: Ids = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the certificates")] = Path("certificates"),
    as_json: AsJson = False,
) -> None:
    """Write certificates, one JSON file each, with those that they cite."""
    from . import claims
    from .settling import certificate_files

    with unusable_input():
        entries = claims.find(ids or ())
        files, problems = certificate_files(entries)
        output.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            partial = output / f".{name}.part"
            partial.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
            partial.replace(output / f"{name}.json")
    if as_json:
        emit({"version": 1, "folder": str(output), "files": [f"{n}.json" for n in files], "failed": problems})
    else:
        typer.echo(f"{len(files)} certificates in {output}")
        for name, reason in problems.items():
            typer.echo(f"{name}: {reason}", err=True)
    raise typer.Exit(1 if problems else 0)


@app.command()
def recheck(
    files: Annotated[list[Path], typer.Argument(help="certificate files, or folders of them")],
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="processes", show_default="all cores")] = CORES,
    as_json: AsJson = False,
) -> None:
    """Replay certificates without SymPy. A certificate that is cited is looked for beside the one that cites."""
    from .rechecking import recheck_files

    with unusable_input():
        rows = recheck_files(files, jobs)
    if as_json:
        emit({"version": 1, "results": rows})
    else:
        from .render.tables import recheck_table

        recheck_table(console(), rows)
    raise typer.Exit(0 if all(r["checker"] == "accepted" and r["statement_matches"] is not False for r in rows) else 1)


@app.command()
def prove(
    ids: Ids = None,
    source: Annotated[str | None, typer.Option(help="the report of one document")] = None,
    formats: Annotated[str, typer.Option("--format", help="tex, pdf")] = "tex",
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for the documents")] = Path("proofs"),
    engine: Annotated[str, typer.Option(help="pdflatex or xelatex")] = "pdflatex",
    as_json: AsJson = False,
) -> None:
    """Write proofs as LaTeX and PDF."""
    from . import claims
    from .render.article import write_article
    from .render.document import TexFailed, TexMissing

    wanted = [f.strip() for f in formats.split(",") if f.strip()]
    unknown = sorted(set(wanted) - {"tex", "pdf"})
    if unknown or not wanted:
        raise fail(f"--format {formats!r}: expected tex, pdf or both, separated by a comma")
    if engine not in ("pdflatex", "xelatex"):
        raise fail(f"--engine {engine!r}: expected pdflatex or xelatex")
    with unusable_input():
        entries = claims.find(ids or (), source)
        if not ids and source is None:
            entries = [e for e in entries if isinstance(e, claims.TheoremEntry)]
        try:
            written, failed = write_article(entries, source, wanted, output, engine)
        except (TexMissing, TexFailed) as e:
            raise fail(str(e)) from None
    if as_json:
        emit({"version": 1, "files": [str(p) for p in written], "failed": failed})
    else:
        for path in written:
            typer.echo(str(path))
        for name, reason in failed.items():
            typer.echo(f"{name}: {reason}", err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def cite(
    id: Annotated[str, typer.Argument(help="a theorem or a claim")],
    format: Annotated[str, typer.Option(help="bibtex or text")] = "text",
    as_json: AsJson = False,
) -> None:
    """A citation with a permanent identifier: the name, the version and the digest of the statement."""
    from . import claims
    from .render.citation import citation

    if format not in ("bibtex", "text"):
        raise fail(f"--format {format!r}: expected bibtex or text")
    with unusable_input():
        (entry, *more) = claims.find([id])
    if more:
        raise fail(f"{id!r} is a family; name one of {', '.join(e.id for e in (entry, *more))}")
    data = citation(entry)
    if as_json:
        emit({"version": 1, **data})
    else:
        typer.echo(data[format])


@app.command()
def conform(
    target: Annotated[str | None, typer.Argument(help="built-in name, file.py:function or package.module:function")] = None,
    spec: Annotated[str | None, typer.Option(help="specification; found from the target when left out")] = None,
    list_: Annotated[bool, typer.Option("--list", help="list specifications and built-in targets")] = False,
    all_installed: Annotated[bool, typer.Option("--all-installed", help="run every built-in target that is here")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="fewer positions")] = False,
    dim: Annotated[int | None, typer.Option(help="head dimension to test at")] = None,
    dtypes: Annotated[str | None, typer.Option(help="input dtypes, separated by commas")] = None,
    max_position: Annotated[int | None, typer.Option(help="number of positions that the target serves")] = None,
    heads: Annotated[int | None, typer.Option(help="number of heads to test alone")] = None,
    base: Annotated[float | None, typer.Option(help="promise: base of the frequencies")] = None,
    frequencies: Annotated[str | None, typer.Option(help="promise: paper, tensor2tensor, or any that is measured")] = None,
    scaling: Annotated[str | None, typer.Option(help="promise: scaling of the frequencies, as a JSON object")] = None,
    width: Annotated[int | None, typer.Option(help="promise: coordinates that a partial rotation turns")] = None,
    layout: Annotated[str | None, typer.Option(help="promise: half, interleaved or permuting")] = None,
    assignment: Annotated[str | None, typer.Option(help="promise: axes sectioned or interleaved")] = None,
    axes: Annotated[int | None, typer.Option(help="axes of an axial rotation, 2 or 3")] = None,
    gamma: Annotated[float | None, typer.Option(help="promise: xPos's gamma")] = None,
    scale_base: Annotated[float | None, typer.Option(help="promise: xPos's tokens for one factor zeta")] = None,
    backend: Annotated[str | None, typer.Option(help="array library: numpy, torch, jax or cupy")] = None,
    python: Annotated[str | None, typer.Option(help="interpreter whose environment has the target")] = None,
    timeout: Annotated[float | None, typer.Option(help="seconds for one call of the target, its import included")] = None,
    memory: Annotated[int | None, typer.Option(help="address space of the tested process, in MiB")] = None,
    as_json: AsJson = False,
) -> None:
    """Test an implementation against the proved identities."""
    from .conformance import ConformInputError, list_specs, list_targets
    from .conformance import conform as run

    if list_:
        specs, targets = list_specs(), list_targets()
        if as_json:
            emit({"version": 1, "specs": specs, "targets": targets})
        else:
            from .render.tables import targets_table

            targets_table(console(), specs, targets)
        return
    if (target is None) == (not all_installed):
        raise fail("conform: name a TARGET, or --list, or --all-installed")
    try:
        scaled = json.loads(scaling) if scaling is not None else None
    except ValueError as e:
        raise fail(f"--scaling: not JSON: {e}") from None
    if scaled is not None and not isinstance(scaled, dict):
        raise fail(f'--scaling: expected a JSON object such as {{"rope_type": "linear", "factor": 4}}, not {scaling}')
    here = [t["name"] for t in list_targets() if t["missing"] is None and spec in (None, t["spec"])] if all_installed else []
    names = [target] if target is not None else here
    if not names:
        raise fail("conform: no library that a built-in target needs is installed; see --list")
    asked: dict[str, Any] = {
        "dtypes": dtypes.split(",") if dtypes is not None else None,
        "memory": memory * 2**20 if memory is not None else None,
        "dim": dim, "max_position": max_position, "heads": heads, "base": base, "frequencies": frequencies,
        "scaling": scaled, "width": width, "layout": layout, "assignment": assignment, "axes": axes, "gamma": gamma,
        "scale_base": scale_base, "backend": backend, "python": python, "timeout": timeout,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    reports = []
    for name in progress(names, len(names), "testing", as_json):
        try:
            report = run(name, spec, quick=quick, **given)
        except ConformInputError as e:
            raise fail(str(e)) from None
        reports.append(report)
        if not as_json:
            typer.echo(report.to_text())
    if as_json:
        emit(reports[0].to_json() if target is not None else {"version": 1, "reports": [r.to_json() for r in reports]})
    raise typer.Exit(0 if all(r.ok for r in reports) else 1)


@app.command()
def judge(
    table: Annotated[list[Path], typer.Argument(help="a .npy or .safetensors file, or the cosines and the sines")],
    dim: Annotated[int | None, typer.Option(help="head dimension; from the columns when left out")] = None,
    base: Annotated[str, typer.Option(help="base of the frequencies, an integer or a decimal")] = "10000",
    layout: Annotated[str | None, typer.Option(help="layout of the columns; recognised when left out")] = None,
    spacing: Annotated[str, typer.Option(help="paper or tensor2tensor")] = "paper",
    scaling: Annotated[str | None, typer.Option(help="scaling of the frequencies, as a JSON object")] = None,
    format: Annotated[str | None, typer.Option(help="bfloat16 for a table stored as uint16")] = None,
    tensor: Annotated[list[str] | None, typer.Option(help="name of the tensor in a safetensors file")] = None,
    start: Annotated[int, typer.Option(help="position of the first row")] = 0,
    threshold: Annotated[float, typer.Option(help="ulp past which the first position is reported")] = 1.0,
    require: Annotated[str | None, typer.Option(help="the quality that the table must have")] = None,
    method: Annotated[str, typer.Option(help="auto, numpy or compiled")] = "auto",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="processes")] = 1,
    backend: Annotated[str | None, typer.Option(help="joblib backend: loky, threading, dask, ray")] = None,
    plot: Annotated[Path | None, typer.Option(help="save the error against the position as a picture")] = None,
    as_json: AsJson = False,
) -> None:
    """Certify a stored cos/sin table against the oracle."""
    from .oracle import JudgeInputError
    from .oracle import judge as run
    from .oracle.frequencies import exact as number

    try:
        exact = number(base)
    except ValueError:
        raise fail(f"--base {base!r}: expected a number such as 10000 or 500000.0") from None
    try:
        scaled = json.loads(scaling) if scaling is not None else None
    except ValueError as e:
        raise fail(f"--scaling: not JSON: {e}") from None
    if plot is not None:
        from .oracle.plots import check_file, save_judge_report

        try:
            check_file(plot)
        except (ValueError, ImportError) as e:
            raise fail(f"--plot: {e}") from None
    if len(table) > 2:
        raise fail(f"expected one table, or the cosines and the sines; got {len(table)} files")
    source = table[0] if len(table) == 1 else tuple(table)
    try:
        with unusable_input(), shown_progress(as_json) as advance:
            report = run(source, dim, exact, layout, spacing=spacing, scaling=scaled, format=format,
                         tensor=tensor[0] if tensor and len(tensor) == 1 else tensor, start=start,
                         threshold=threshold, require=require, method=method, jobs=jobs, backend=backend,
                         progress=advance)  # fmt: skip
            if plot is not None:
                save_judge_report(report, plot)
    except JudgeInputError as e:
        raise fail(str(e)) from None
    if as_json:
        emit(report.to_json())
    else:
        typer.echo(report.to_text())
    raise typer.Exit(0 if report.ok else 1)


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Any]:
    """A callback ``(done, total)`` that draws a bar on standard error where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
