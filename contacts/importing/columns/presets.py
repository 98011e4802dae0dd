"""The headings of particular programs, where they mean something else than the same words elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from contacts.importing.columns.headings import ANY_CHOICE
from contacts.importing.columns.spelling import read_heading

# What our own export is called by, whatever the file's order is; custom fields follow as ``Custom: <name>``.
OWN_HEADINGS: Final[dict[str, str]] = {
    "ID": "uuid",
    "Number": "number",
    "First name": "first_name",
    "Last name": "last_name",
    "Full name": "full_name",
    "Is company": "is_company",
    "Company": "company_name",
    "Email": "email",
    "Email label": "email_label",
    "Email note": "email_note",
    "Phone": "phone",
    "Phone label": "phone_label",
    "Phone note": "phone_note",
    "Further emails": "further_emails",
    "Further phones": "further_phones",
    "Street": "street",
    "City": "city",
    "State": "state",
    "Zip code": "zip_code",
    "Country": "country",
    "Type": "type",
    "Status": "status",
    "Stage": "stage",
    "Role": "role",
    "Source": "source",
    "Referral source": "referral_source",
    "Channel preference": "channel_preference",
    "Language": "language",
    "Communication method": "communication_method",
    "Property types": "property_types:;",
    "Price from": "price_from",
    "Price to": "price_to",
    "Locations": "locations:;",
    "Notes": "notes",
    "Tags": "tags:;",
    "Assigned to": "assigned_to",
    "Created at": "created_at",
    "Last contacted at": "last_contacted_at",
    "Do not contact by": "do_not_contact_by",
}
CUSTOM_PREFIX: Final = "Custom: "
# What only our own files have.
_OWN_SIGNS: Final = frozenset({"Further emails", "Further phones", "Is company"})
REASONS: Final[dict[str, str]] = {
    "lead score": "It is computed from the rest.",
    "updated at": "It is kept by itself.",
    "import error": "It says what was wrong with the row before.",
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A program: what its files are known by, and what some of their headings become; None for nothing."""

    name: str
    # Any of these words of a heading, each group together.
    signs: Sequence[frozenset[str]]
    columns: dict[str, str | None] = field(default_factory=dict)
    reason: str = "It is about the program that wrote the file, not about a person."

    def is_of(self, texts: Collection[str]) -> bool:
        """Whether a file with these headings comes from the program."""
        return any(signs.issubset(texts) for signs in self.signs)


def _signs(*groups: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(group.split("|")) for group in groups)


PRESETS: Final = (
    # Both layouts: the one from before 2024 has "Given Name", "Group Membership" and "... - Type".
    Preset(
        "Google Contacts",
        _signs("e mail value", "phone value", "given name|yomi name", "organization name|organization department"),
        {"name": "full_name", "file as": None},
    ),
    # Desktop, outlook.com, and Google's export in Outlook's format; the second in German.
    Preset(
        "Outlook",
        _signs("e mail address|business street", "e mail address|given yomi", "e mail address|home street"),
        {"title": "name_prefix", "e mail type": None, "user": None},
    ),
    Preset(
        "Outlook",
        _signs("e mail adresse|strasse geschaftlich"),
        {"ort": None, "e mail typ": None},
    ),
    Preset(
        "HubSpot",
        _signs("record id|contact owner", "record id|lifecycle stage", "record id|marketing contact status"),
        {"record id": None, "marketing contact status": None, "lifecycle stage": "type"},
    ),
    Preset(
        "Follow Up Boss",
        _signs("is contacted|assigned to", "lead source|is contacted", "lead source|listing price"),
        {"stage": ANY_CHOICE, "is contacted": None, "listing price": None, "price": None},
    ),
    Preset(
        "Mailchimp",
        _signs("member rating|leid", "optin time|euid", "member rating|optin time"),
        {
            "status": "mailing_status",
            "cc": None,
            "region": None,
            "unsub campaign title": None,
            "unsub reason": None,
            "clean time": "mailing_status:cleaned",
        },
        "It is about the newsletter, not about a person.",
    ),
    Preset(
        "Pipedrive",
        _signs("person name", "person first name|person last name"),
        {},
    ),
)
# Records of other kinds in one table with people.
_ABOUT_OTHERS: Final = {"deal": "It is about a deal.", "activity": "It is about an activity."}


def is_own(headers: Collection[str]) -> bool:
    """Whether a file has our own export's headings."""
    return _OWN_SIGNS.issubset(headers)


def preset_of(headers: Sequence[str]) -> Preset | None:
    """The program a file comes from, None where nothing tells."""
    texts = {read_heading(header).text for header in headers}
    return next((preset for preset in PRESETS if preset.is_of(texts)), None)


def reason_against(text: str, preset: Preset | None) -> str | None:
    """Why a heading becomes nothing for certain; None where that is not known."""
    if text in REASONS:
        return REASONS[text]
    if preset is not None and text in preset.columns and preset.columns[text] is None:
        return preset.reason
    if preset is not None and preset.name == "Pipedrive":
        return _ABOUT_OTHERS.get(text.partition(" ")[0])
    return None
