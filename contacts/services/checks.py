"""References of drafts that only the database can check."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.exceptions import FieldError, Invalid
from accounts.models import Member
from contacts.drafts import UNSET, ContactDraft


def check_members(drafts: Iterable[ContactDraft]) -> None:
    """Raises ``Invalid`` when a draft names somebody who is no member of the organization in scope.

    PostgreSQL would refuse such a row too, by its composite foreign key; SQLite has only this check.
    """
    by_draft = [_members_named(draft) for draft in drafts]
    wanted = {member_id for named in by_draft for member_id in named.values()}
    if not wanted:
        return
    known = set(Member.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    for named in by_draft:
        missing = [FieldError(field, "not_found") for field, member_id in named.items() if member_id not in known]
        if missing:
            raise Invalid(missing)


def _members_named(draft: ContactDraft) -> dict[str, int]:
    named = {}
    if draft.assigned_to is not UNSET and draft.assigned_to is not None:
        named["assigned_to"] = draft.assigned_to
    for index, member_id in enumerate(draft.further_assignees or ()):
        named[f"further_assignees.{index}"] = member_id
    return named
