"""Whatever contacts hold, they come back as they were."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.drafts import (
    UNSET,
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.models import Contact, ContactChange
from contacts.services import create_contacts
from tests.archives import export, files_of, move_away, rows_of, take_in
from tests.worlds import World

pytestmark = pytest.mark.django_db

TEXTS = st.text(
    st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)),  # type: ignore[arg-type]  # a tuple will do
    max_size=40,
)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DRAFTS = st.builds(
    ContactDraft,
    full_name=TEXTS.map(lambda text: f"Name {text}"),
    notes=TEXTS,
    city=TEXTS,
    created_at=MOMENTS,
    last_contacted_at=MOMENTS | st.just(UNSET),
    stage=st.sampled_from(["prospect", "applicant"]),
    further_emails=st.lists(
        st.builds(EmailDraft, email=st.emails().filter(lambda email: len(email) < 200), note=TEXTS), max_size=2
    ).map(tuple),
    further_phones=st.lists(
        st.builds(PhoneDraft, phone=st.from_regex(r"\+1[0-9]{10}", fullmatch=True), label=TEXTS), max_size=2
    ).map(tuple),
    related_people=st.lists(st.builds(RelatedPersonDraft, first_name=TEXTS, notes=TEXTS), max_size=2).map(tuple),
    preferences=st.builds(PreferencesDraft, price_range=st.builds(PriceRange, min=st.integers(0, 10**6))) | st.none(),
)
CASES = count()


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(written=st.lists(st.tuples(DRAFTS, st.dictionaries(TEXTS, DOCUMENTS, max_size=4)), min_size=3, max_size=8))
def test_contacts_come_back_as_they_left(north: World, written: list[tuple[ContactDraft, dict[str, Any]]]):
    directory = Path(tempfile.mkdtemp(prefix="latchkey-archive-"))
    try:
        with transaction.atomic():
            _store(north, written)
            export("north", directory / "first")
            move_away(north)
            slug = f"again-{next(CASES)}"
            take_in(directory / "first", slug)
            export(slug, directory / "second")
            transaction.set_rollback(True)
        assert files_of(directory / "second") == files_of(directory / "first")
        # The same on every database: a number is not what one of them makes of it.
        rows = rows_of(directory / "first", "contacts")[-len(written) :]
        assert [repr(row["extra"]) for row in rows] == [repr(sorted_out(extra)) for _, extra in written]
    finally:
        shutil.rmtree(directory)


def _store(north: World, written: list[tuple[ContactDraft, dict[str, Any]]]) -> None:
    """Contacts with anything a program may send beside what has a meaning, and histories that say so."""
    with north.scope():
        (contacts,) = list(create_contacts([draft for draft, _ in written], actor=north.actor()))
        for contact, (_, extra) in zip(contacts, written, strict=True):
            Contact.objects.filter(pk=contact.pk).update(extra=extra)
            change = ContactChange.objects.filter(contact=contact).first()
            assert change is not None
            change.pk, change.after = None, {"extra": extra}
            change._state.adding = True
            change.save()


def sorted_out(value: Any) -> Any:
    """The value as an archive has it, said once more in other words: names in order, large fractions as the whole numbers
    they are, and no sign before a zero."""
    if isinstance(value, dict):
        return {name: sorted_out(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [sorted_out(each) for each in value]
    if isinstance(value, float):
        return int(Decimal(str(value))) if abs(value) >= 10**16 else value + 0.0
    return value
