"""Write an organization's contacts to a file, or to standard output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from accounts.commands import JsonCommand, organization_named
from accounts.tenancy import current_organization
from contacts.exporting.choosing import Choice, chosen_contacts
from contacts.exporting.formats import FORMATS, writer_of
from contacts.exporting.running import Export
from contacts.management.progress import progress_of
from contacts.models import ContactRole, ContactStage, ContactStatus, ContactType, Medium
from contacts.whole_files import whole_file

_CLOSED = {"type": ContactType, "status": ContactStatus, "stage": ContactStage, "role": ContactRole}


class Command(JsonCommand):
    help = (
        "Write an organization's contacts, deleted ones never, to a file or to standard output, in one of our formats or"
        " as one of the wires prints them. All filters together say who is in it. Prints one JSON object at the end: on"
        " standard error where standard output has the contacts."
    )
    # Where the contacts go; "" is standard output.
    output = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--output", default="", metavar="FILE", help="standard output when not given")
        any_of = "again for any of several"
        for name, choices in _CLOSED.items():
            parser.add_argument(f"--{name}", action="append", default=[], choices=choices.values, help=any_of)
        parser.add_argument("--source", action="append", default=[], metavar="NAME", help=any_of)
        parser.add_argument("--tag", action="append", default=[], metavar="NAME", help="again for all of several")
        parser.add_argument("--assigned-to", default="", metavar="EMAIL", help="a member who looks after them")
        parser.add_argument("--created-from", default="", metavar="WHEN", help="2026-01-31 or 2026-01-31T12:00Z")
        parser.add_argument(
            "--created-to", default="", metavar="WHEN", help="the same, and that day or second is in it"
        )
        parser.add_argument("--search", default="", metavar="WORDS", help="of a name, company, e-mail or phone")
        parser.add_argument(
            "--contactable", default="", choices=Medium.values, help="who may be spoken to by that medium"
        )

    def answer(self, **options: Any) -> dict[str, Any]:
        self.output = options["output"]
        self._check_output(options["format"])
        began = monotonic()
        with organization_named(options["organization"]) as organization_id:
            choice = _choice(options)
            contacts, filters = chosen_contacts(choice), choice.narrowed_by()
            export = Export(organization_id, options["format"], contacts, actor=self.actor, narrowed_by=filters)
        size = self._write(export)
        for warning in export.writer.warnings:
            self.stderr.write(warning)
        return {"contacts": export.writer.contacts, "seconds": round(monotonic() - began, 2), "bytes": size}

    def tell(self, answer: str) -> None:
        if self.output:
            super().tell(answer)
        else:
            self.stderr.write(answer, style_func=str)

    def _check_output(self, format_name: str) -> None:
        path = Path(self.output)
        if self.output and path.exists() and not path.is_file():
            raise CommandError(f"--output: {self.output!r} is no file.")
        if not self.output and self.stdout.isatty() and not writer_of(format_name).is_text:
            raise CommandError(f"A terminal cannot show the format {format_name}: say --output FILE.")

    def _write(self, export: Export) -> int:
        """Write the file and return its size in bytes. Raises ``CommandError`` where that cannot be done."""
        try:
            with self._opened() as stream, progress_of("Exporting", len(export.keys)) as report:
                size = 0
                for piece in export.pieces():
                    size += stream.write(piece)
                    report(export.writer.contacts, export.writer.contacts)
                stream.flush()
                return size
        except BrokenPipeError as error:
            # Python would find out again when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
            raise CommandError("Whoever was reading has gone.") from error
        except OSError as error:
            raise CommandError(f"The contacts cannot be written: {error.strerror}.") from error

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self.output:
            with whole_file(Path(self.output)) as file:
                yield file
        else:
            stream: IO[bytes] = self.stdout.buffer  # type: ignore[assignment]  # the wrapped stream's own
            yield stream


def _choice(options: dict[str, Any]) -> Choice:
    """What is asked for, in the organization's time zone. Raises ``CommandError``."""
    same = ("type", "status", "stage", "role", "source", "tag", "assigned_to", "search", "contactable")
    return Choice(
        created_from=_moments("--created-from", options["created_from"])[0],
        created_before=_moments("--created-to", options["created_to"])[1],
        **{name: options[name] for name in same},
    )


def _moments(option: str, text: str) -> tuple[datetime | None, datetime | None]:
    """The first moment of a day or second, and the first one after it; None and None for no text.

    Raises ``CommandError``.
    """
    if not text:
        return None, None
    zone = ZoneInfo(current_organization().time_zone)
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
        if moment is None:
            raise ValueError
        after = moment + (timedelta(days=1) if day else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise CommandError(f"{option}: {text!r} is no day or moment like 2026-01-31 or 2026-01-31T12:00Z.") from None
    first, last = (each if each.tzinfo else each.replace(tzinfo=zone) for each in (moment, after))
    return first, last
