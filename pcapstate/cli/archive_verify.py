"""``pcapstate archive verify``: whether a dataset is whole."""

from __future__ import annotations

import json

import click

from ..errors import CallError
from ..escaping import safe
from .options import one_object
from .spoken import HEADINGS, lang_option, said, say


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--captures", is_flag=True, help="Compare the sizes of captures that are still there, too.")
@click.option("--checksums", is_flag=True, help="Compare the bytes of captures that are still there, too.")
@one_object
@lang_option(help=HEADINGS)
@click.pass_context
def verify(context: click.Context, /, dataset: str, captures: bool, checksums: bool, format_: str, lang: str) -> None:
    """Read all files of a dataset and compare them with what was written.

    Each problem is a line on stderr, and the exit code is 1 if there is one.

    \b
    Examples:
      pcapstate archive verify dataset
      pcapstate archive verify dataset --captures --format json
    """
    # Only this command needs it.
    from ..archive.storage import Storage
    from ..archive.verifying import verify as verified

    try:
        found = verified(Storage(dataset), captures, checksums)
    except CallError as error:
        raise click.UsageError(str(error)) from None
    for problem in found.problems:
        say("{problem}", lang, problem=problem)
    if format_ == "json":
        click.echo(json.dumps({**found._asdict(), "problems": [str(one) for one in found.problems]}))
    else:
        for name in found.left:
            say("{name}: left behind by an interrupted build; the next build removes it", lang, name=safe(name))
        if found.gone:
            say(
                "{count:,} captures are no longer where they were; the dataset does not need them",
                lang,
                count=found.gone,
            )
        right = "{files:,} files ({size:,} bytes), {captures:,} captures, {connections:,} connections: no problem"
        wrong = (
            "{files:,} files ({size:,} bytes), {captures:,} captures, {connections:,} connections: {count:,} problems"
        )
        fields = {name: getattr(found, name) for name in ("files", "size", "captures", "connections")}
        click.echo(said(wrong if found.problems else right, lang, count=len(found.problems), **fields))
    context.exit(1 if found.problems else 0)
