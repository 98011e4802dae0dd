"""The textbook way to make many contacts: instances of the models and ``bulk_create``, 1,000 at a time.

``python -m benchmarks.bulk_creating SLUG ROWS`` prints the seconds it took. No duplicates are looked for and nothing is
checked; contacts, two tags each and their changes are stored, as the importer stores them.
"""

from __future__ import annotations

import os
import sys
import time

import django


def main(slug: str, rows: int) -> float:
    """Seconds it took."""
    # Models may be imported once Django is set up.
    from accounts.authentication import organization_id_by_slug  # noqa: PLC0415
    from accounts.tenancy import tenant_scope  # noqa: PLC0415
    from contacts.services.tagging import tags_by_name  # noqa: PLC0415

    organization_id = organization_id_by_slug(slug)
    if organization_id is None:
        raise SystemExit(f"no organization {slug}")
    with tenant_scope(organization_id):
        tags = list(tags_by_name(["textbook", "bulk"]).values())
    began = time.monotonic()
    for start in range(0, rows, 1_000):
        with tenant_scope(organization_id):
            _create(range(start, min(start + 1_000, rows)), tags)
    return time.monotonic() - began


def _create(numbers: range, tags: list[int]) -> None:
    from uuid import uuid4  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from contacts.models import Contact, ContactChange, TaggedContact  # noqa: PLC0415

    now = timezone.now()
    contacts = Contact.objects.bulk_create(
        Contact(
            number=10**9 + number,
            first_name="Ann",
            last_name=f"Smith{number % 977}",
            full_name=f"Ann Smith{number % 977}",
            first_name_norm="ann",
            last_name_norm=f"smith{number % 977}",
            email=f"bulk.{number}@example.net",
            email_norm=f"bulk.{number}@example.net",
            phone=f"+1999{number:07}",
            phone_norm=f"+1999{number:07}",
            street=f"{number} Main St",
            city="Springfield",
            state="CA",
            zip_code="90000",
            source="website",
            lead_score=35,
            search_text=f"ann smith{number % 977} bulk.{number}@example.net +1999{number:07} 1999{number:07}",
        )
        for number in numbers
    )
    TaggedContact.objects.bulk_create(
        TaggedContact(content_object=contact, tag_id=tag, position=position, contact_created_at=contact.created_at)
        for contact in contacts
        for position, tag in enumerate(tags)
    )
    operation = uuid4()
    ContactChange.objects.bulk_create(
        ContactChange(
            contact=contact,
            operation=operation,
            verb="created",
            actor_kind="command",
            actor_label="textbook",
            door="import",
            before={},
            after={
                "first_name": contact.first_name,
                "email": contact.email,
                "phone": contact.phone,
                "tags": ["a", "b"],
            },
            created_at=now,
        )
        for contact in contacts
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(main(sys.argv[1], int(sys.argv[2])))
