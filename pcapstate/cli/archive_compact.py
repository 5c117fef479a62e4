"""``pcapstate archive compact``: fewer and larger files."""

from __future__ import annotations

import json

import click

from ..errors import CallError
from .options import one_object
from .spoken import HEADINGS, lang_option, said


@click.command()
@click.argument("dataset", metavar="DATASET")
@one_object
@lang_option(help=HEADINGS)
def compact(dataset: str, format_: str, lang: str) -> None:
    """Merge the small files of each day that many builds have left. Answers stay the same, and come faster.

    \b
    Examples:
      pcapstate archive compact dataset
    """
    # Only this command needs it.
    from ..archive.compacting import compact as compacted
    from ..archive.storage import Storage

    try:
        found = compacted(Storage(dataset))
    except CallError as error:
        raise click.UsageError(str(error)) from None
    if format_ == "json":
        click.echo(json.dumps(found._asdict()))
        return
    text = "{merged:,} files of tables are now {into:,}; {joined:,} builds were joined with later ones"
    click.echo(said(text, lang, **found._asdict()))
