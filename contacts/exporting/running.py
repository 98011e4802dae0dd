"""One export: who is in it is settled when it begins, then they are read a slice at a time."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Collection, Iterator
from typing import Any, Final

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from accounts.tenancy import tenant_scope
from contacts.exporting.formats import writer_of

logger = logging.getLogger("latchkey.exports")
# Rows of keys fetched at once.
_FETCHED: Final = 10_000


class Export:
    """Contacts of one organization as a file of one format.

    Made inside of the organization's unit of work, which may end before the file is written: it opens its own, one for
    each slice. Of each contact it holds the key alone, 8 bytes. So whatever is written meanwhile, each of the chosen ones
    is in the file once, as it is when its slice is read; those that are deleted before that are left out.
    """

    def __init__(
        self,
        organization_id: int,
        format_name: str,
        contacts: QuerySet[Any],
        *,
        actor: Actor,
        narrowed_by: Collection[str] = (),
    ) -> None:
        """Choose the contacts of a queryset, in its order or else in the format's.

        ``narrowed_by`` are the names of the filters that made it. Raises ``Forbidden`` without the right to export, and
        ``Invalid`` for more contacts than the format holds.
        """
        actor.require(Right.EXPORT_CONTACTS)
        writer = writer_of(format_name)
        ordered = contacts if contacts.query.order_by else contacts.order_by(*writer.order)
        self.keys = array("q", ordered.values_list("pk", flat=True).iterator(chunk_size=_FETCHED))
        if writer.most is not None and len(self.keys) > writer.most:
            message = f"a file of this format holds at most {writer.most:,} contacts, and these are {len(self.keys):,}."
            raise Invalid([FieldError("format", "out_of_range", message=message)])
        self.writer = writer(len(self.keys))
        self._organization_id = organization_id
        self._format_name = format_name
        self._actor = actor
        self._narrowed_by = sorted(narrowed_by)

    def pieces(self) -> Iterator[bytes]:
        """The file, once, in pieces. Leaves a line in the log, also of an export that ended before its time."""
        try:
            with tenant_scope(self._organization_id):
                beginning = self.writer.begin()
            yield beginning
            size = self.writer.slice_size
            for first in range(0, len(self.keys), size):
                with tenant_scope(self._organization_id):
                    piece = self.writer.add(self.keys[first : first + size].tolist())
                yield piece
            yield from self.writer.end()
        finally:
            self.writer.close()
            self._record()

    def _record(self) -> None:
        """Who took out how many: keys and names of filters, and nothing that people are or asked for."""
        logger.info(
            "organization %d: %d of %d chosen contacts exported as %s by %s, filtered by %s",
            self._organization_id,
            self.writer.contacts,
            len(self.keys),
            self._format_name,
            f"member {self._actor.member_id}" if self._actor.member_id else f"the {self._actor.kind}",
            ", ".join(self._narrowed_by) or "nothing",
        )
