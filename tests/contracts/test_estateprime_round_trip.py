"""What is read through EstatePrime's wire and sent back changes nothing that any wire shows (DESIGN section 8)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.models import ContactRole, ContactStage, ContactStatus, ContactType
from contacts.services import create_contact
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, RENTALOT, WINNERR
from tests.worlds import World

pytestmark = pytest.mark.django_db

NAMES = ("", "Ann", "O’Brien-Smith", "van der Berg", "李", "Évelyne Östlund", "Jr.", "a  b", "Dr. No, MD", "X" * 100)
WORDS = some.sampled_from(NAMES)
LABELS = some.sampled_from(["", "mobile", "work phone", "ⓦ"])
NUMBERS = some.sampled_from(["555-0100", "+30 698 741 1111", "call me", "0", "(030) 1 / 2"])
FURTHER_PHONES = some.lists(some.builds(PhoneDraft, phone=NUMBERS, label=LABELS, note=LABELS), max_size=3).map(tuple)
FURTHER_EMAILS = some.lists(
    some.builds(EmailDraft, email=some.sampled_from(["A@example.com", "b@example.org"]), label=LABELS, note=LABELS),
    max_size=2,
).map(tuple)
PEOPLE = some.lists(
    some.builds(RelatedPersonDraft, first_name=WORDS, last_name=WORDS, mobile=LABELS, email=some.just(""), notes=WORDS),
    max_size=2,
).map(tuple)
PREFERENCES = some.sampled_from(
    [None, PreferencesDraft(communication_method="EMAIL", locations=("Heights",), price_range=PriceRange(min=1, max=2))]
)


def drafts(north: World) -> some.SearchStrategy[ContactDraft]:
    """Contacts as any wire, the importer or the team may have made them."""
    members = some.sampled_from([member.pk for member in north.members])
    names = some.one_of(
        some.fixed_dictionaries({"full_name": WORDS}),
        some.fixed_dictionaries({"first_name": WORDS, "last_name": WORDS}),
        some.fixed_dictionaries({"full_name": WORDS, "first_name": WORDS, "last_name": WORDS}),
    )
    rest: dict[str, some.SearchStrategy[Any]] = {
        "is_company": some.booleans(),
        # Somebody to be found by, whatever else is missing.
        "company_name": some.sampled_from(["Delta GmbH", "Delta"]),
        "phone": some.one_of(some.just(""), NUMBERS),
        "phone_label": LABELS,
        "phone_note": LABELS,
        "email_label": LABELS,
        "further_phones": FURTHER_PHONES,
        "further_emails": FURTHER_EMAILS,
        "related_people": PEOPLE,
        "tags": some.permutations(["vip", f"tag {north.canary}", "new"]).map(tuple),
        "source": some.sampled_from(["", "elsewhere", f"website {north.canary}"]),
        "type": some.sampled_from(ContactType.values),
        "status": some.sampled_from(ContactStatus.values),
        "stage": some.sampled_from(ContactStage.values),
        "role": some.sampled_from(ContactRole.values),
        "notes": WORDS,
        "language": some.sampled_from(["", "el"]),
        "city": WORDS,
        "preferences": PREFERENCES,
        "assigned_to": some.one_of(some.none(), members),
        "further_assignees": some.lists(members, max_size=2, unique=True).map(tuple),
        "custom_values": some.sampled_from([{}, {1: 2}]),
    }
    return some.builds(lambda said, more: ContactDraft(**said, **more), names, some.fixed_dictionaries(rest))


def test_what_is_read_may_be_sent_back_and_changes_nothing(north: World, south: World) -> None:
    programs = {prefix: PROGRAMS[prefix](north.owner) for prefix in (WINNERR, RENTALOT, ESTATEPRIME)}

    # The same contacts in every run.
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(draft=drafts(north))
    def once(draft: ContactDraft) -> None:
        with north.scope():
            contact = create_contact(draft, actor=north.actor())
        addresses = {
            WINNERR: f"/v1/contacts/{contact.winnerr_id}",
            RENTALOT: f"/api/v1/contacts/{contact.uuid}",
            ESTATEPRIME: f"/api/contacts/{contact.number}",
        }
        before = {prefix: programs[prefix].get(address).content for prefix, address in addresses.items()}
        read = programs[ESTATEPRIME].get(addresses[ESTATEPRIME])

        back = programs[ESTATEPRIME].patch(addresses[ESTATEPRIME], read.json()["data"])

        assert (back.status_code, back.json(), back["ETag"]) == (200, read.json(), read["ETag"])
        assert {prefix: programs[prefix].get(address).content for prefix, address in addresses.items()} == before

    once()
