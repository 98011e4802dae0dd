"""What rows say of media by which nobody may speak to a contact, and how their outcomes tell of it.

An objection goes to the contact a row is about, also where the row is skipped because that contact is there: whoever said
stop must not be asked again for want of a merge. Not where the row fails, which is the policy ``error`` too, and not to
somebody the importer may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from contacts.importing.deciding import Decided
from contacts.importing.matching import Target
from contacts.importing.outcomes import OBJECTION, Fate, Outcome
from contacts.importing.rows import Row
from contacts.models import ContactStatus

_UNSEEN: Final = "not recorded: somebody else looks after the contact"


class Objection(NamedTuple):
    """The media a row wants closed, the contact it is about, and what became of the row."""

    target: Target
    media: tuple[str, ...]
    outcome: Outcome


def objections_of(rows: Sequence[Row], decided: Decided) -> list[Objection]:
    """The objections that a decided chunk brings."""
    said = zip(rows, decided.outcomes, decided.about, strict=True)
    return [
        Objection(target, row.draft.do_not_contact_by, outcome)
        for row, outcome, target in said
        if row.draft.do_not_contact_by and target is not None and outcome.fate is not Fate.FAIL
    ]


def media_by_contact(objections: Iterable[Objection]) -> dict[int, set[str]]:
    """The media to be closed, by the primary key of contacts that have one."""
    wanted: dict[int, set[str]] = {}
    for target, media, _ in objections:
        if target.id is not None and target.is_visible:
            wanted.setdefault(target.id, set()).update(media)
    return wanted


def note(objections: Iterable[Objection], closed: Mapping[int, Iterable[str]]) -> None:
    """Say on the first outcome of each contact which media were ``closed``, or will be, by primary key.

    A contact that only the file makes has none yet: of a plan, all that its row says are taken to be closed.
    """
    noted: set[tuple[int, str]] = set()
    for target, media, outcome in objections:
        new = [medium for medium in dict.fromkeys(media) if (target.token, medium) not in noted]
        noted.update((target.token, medium) for medium in new)
        if not target.is_visible:
            outcome.notes = [*outcome.notes, *(f"{OBJECTION}{medium} {_UNSEEN}" for medium in new)]
            continue
        if target.id is not None:
            new = [medium for medium in new if medium in closed.get(target.id, ())]
        elif target.contact is not None and target.contact.status == ContactStatus.DO_NOT_CONTACT:
            new = []
        outcome.notes = [*outcome.notes, *(f"{OBJECTION}{medium} recorded" for medium in new)]
