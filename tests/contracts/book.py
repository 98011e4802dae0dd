"""A book of contacts as it should be, kept beside the product's: every write goes to both, and both have to agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.test import Client

from contacts.models import Contact
from tests.contracts import reference_writes as writes
from tests.contracts.reference import NOW, Catalogue, Document, Known, Refused, moved, shown
from tests.contracts.writes import Write
from tests.dashboard import CONTACTS, fields_of
from tests.worlds import WireClient, World

ADDRESSES: Final = {"winnerr": "/v1/contacts", "rentalot": "/api/v1/contacts", "estateprime": "/api/contacts"}
CREATED: Final = {"winnerr": 201, "rentalot": 201, "estateprime": 200}
REFUSED: Final = {
    "winnerr": {"invalid": 422, "duplicate": 409},
    "rentalot": {"invalid": 422, "duplicate": 409},
    "estateprime": {"invalid": 400, "duplicate": 400},
}
# A required key that is null for want of a value cannot be sent back (docs/winnerr.md, docs/rentalot.md).
REQUIRED: Final = {"winnerr": ("firstName", "lastName", "email"), "rentalot": ("name",), "estateprime": ()}
PARAMETERS: Final = {"winnerr": {"limit": 100}, "rentalot": {"limit": 100}, "estateprime": {}}
UNKNOWN: Final = "contact_00000000-0000-7000-8000-000000000000"

Change = Callable[[Known, Document], None]
CREATE: Final[dict[str, Change]] = {
    "winnerr": writes.winnerr_create,
    "rentalot": writes.rentalot_create,
    "estateprime": writes.estateprime_create,
}
# The method, what follows the contact's address, and what the write makes of the contact.
CHANGES: Final[dict[str, tuple[str, str, Change]]] = {
    "winnerr put": ("PUT", "", writes.winnerr_put),
    "winnerr add tags": ("POST", "/tags", writes.add_tags),
    "winnerr remove tags": ("DELETE", "/tags", writes.remove_tags),
    "rentalot patch": ("PATCH", "", writes.rentalot_patch),
    "estateprime patch": ("PATCH", "", writes.estateprime_patch),
}


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The ways in, all of one member who may do everything, and what bodies refer to."""

    world: World
    programs: dict[str, WireClient]
    browser: Client
    catalogue: Catalogue

    def documents(self, known: Known) -> tuple[dict[str, Document], set[str]]:
        """What each wire shows of a contact, and the tags of those versions."""
        answers = {wire: self.programs[wire].get(address_of(wire, known)) for wire in ADDRESSES}
        assert {answer.status_code for answer in answers.values()} == {200}
        documents = {wire: answer.json()["data"] for wire, answer in answers.items()}
        return documents, {version_in(answer["ETag"]) for answer in answers.values()}

    def everybody(self, wire: str) -> dict[Any, Document]:
        """What a wire lists, by id."""
        answer = self.programs[wire].get(ADDRESSES[wire], PARAMETERS[wire])
        assert answer.status_code == 200
        return {document["id"]: document for document in answer.json()["data"]}


def version_in(tag: str) -> str:
    """The version an entity tag begins with; EstatePrime's goes on with a digest of the document."""
    return tag.strip('"').partition(".")[0]


def address_of(wire: str, known: Known) -> str:
    return f"{ADDRESSES[wire]}/{identifier_of(wire, known)}" + ("?include=" if wire == "winnerr" else "")


def identifier_of(wire: str, known: Known) -> Any:
    return {"winnerr": f"contact_{known.uuid}", "rentalot": known.uuid, "estateprime": known.number}[wire]


@dataclass
class Book:
    """All contacts that were made, the deleted ones too. Each write is checked on all wires when it is done."""

    doors: Doors
    contacts: list[Known] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.others = {wire: self.doors.everybody(wire) for wire in ADDRESSES}

    @property
    def catalogue(self) -> Catalogue:
        return self.doors.catalogue

    def take(self, write: Write) -> None:
        """Write it, here and there. A change of nobody is none."""
        wire, _, what = write.kind.partition(" ")
        if what == "create":
            self.create(wire, write.body)
        elif what == "bulk":
            self.change_all(write.body)
        elif self.contacts:
            known = self.contacts[write.target % len(self.contacts)]
            if what == "save":
                self.save(known, write.body)
            elif what == "delete":
                self.delete(wire, known)
            elif what == "return":
                self.send_back(wire, known)
            else:
                self.change(wire, known, write)

    def close(self) -> None:
        """Every list has the contacts that live, as they are, and everybody else as they were."""
        for wire in ADDRESSES:
            own = {
                identifier_of(wire, known): shown(known, self.catalogue)[wire]
                for known in self.contacts
                if known.is_live
            }
            assert self.doors.everybody(wire) == self.others[wire] | own

    # The writes.

    def create(self, wire: str, body: Document) -> None:
        known = Known(created_by=self.catalogue.owner)
        after, refusal = self.foreseen(known, CREATE[wire], body)
        began = datetime.now(UTC)
        sent = writes.translated(body, wire, self.catalogue)
        answer = self.doors.programs[wire].post(ADDRESSES[wire], sent)
        assert answer.status_code == (REFUSED[wire][refusal] if refusal else CREATED[wire]), answer.content
        if not refusal:
            data = answer.json()
            self.identify(after, data["created_id"] if wire == "estateprime" else data["data"]["id"])
            self.contacts.append(after)
            self.check(after, began)

    def identify(self, known: Known, identifier: Any) -> None:
        """The ids the database gave."""
        by = {"number": identifier} if isinstance(identifier, int) else {"uuid": identifier.removeprefix("contact_")}
        with self.doors.world.scope():
            contact = Contact.objects.get(**by)
        known.uuid, known.number = str(contact.uuid), contact.number

    def change(self, wire: str, known: Known, write: Write) -> None:
        method, below, apply = CHANGES[write.kind]
        after, refusal = self.foreseen(known, apply, write.body)
        began = datetime.now(UTC)
        sent = writes.translated(write.body, wire, self.catalogue)
        address = f"{ADDRESSES[wire]}/{identifier_of(wire, known)}{below}"
        answer = self.doors.programs[wire].request(method, address, json=sent)
        expected = 404 if not known.is_live else REFUSED[wire][refusal] if refusal else 200
        assert answer.status_code == expected, answer.content
        if expected == 200:
            self.replace(known, after)
        self.check(self.of(known), began)
        if expected == 200:
            assert answer.json()["data"] == shown(after, self.catalogue)[wire]

    def change_all(self, body: Document) -> None:
        foreseen = [(known, *self.foreseen(known, writes.winnerr_put, body)) for known in self.contacts]
        began = datetime.now(UTC)
        names = [identifier_of("winnerr", known) for known in self.contacts]
        updates = writes.translated(body, "winnerr", self.catalogue)
        answer = self.doors.programs["winnerr"].patch(
            "/v1/contacts/bulk", {"contactIds": [*names, UNKNOWN], "updates": updates}
        )
        if writes.is_impossible(body):
            # The change itself is at fault, for every contact alike; nobody is changed.
            assert answer.status_code == 422, answer.content
            for known in self.contacts:
                self.check(known, began)
            return
        assert answer.status_code == 200, answer.content
        results = [(row["id"], row["success"]) for row in answer.json()["data"]["results"]]
        fates = [known.is_live and not refusal for known, _, refusal in foreseen]
        assert results == [*zip(names, fates, strict=True), (UNKNOWN, False)]
        for (known, after, _), succeeds in zip(foreseen, fates, strict=True):
            if succeeds:
                self.replace(known, after)
            self.check(self.of(known), began)

    def save(self, known: Known, body: Document) -> None:
        if not known.is_live:
            return
        after, refusal = self.foreseen(known, writes.admin_save, body)
        began = datetime.now(UTC)
        with self.doors.world.scope():
            page = f"{CONTACTS}{Contact.objects.get(number=known.number).pk}/change/"
        untouched = fields_of(self.doors.browser.get(page), "contact_form")
        answer = self.doors.browser.post(page, filled(untouched, body, self.doors.world))
        assert answer.status_code == (200 if refusal else 302)
        if not refusal:
            self.replace(known, after)
        self.check(self.of(known), began)

    def send_back(self, wire: str, known: Known) -> None:
        """What was read, written through the same wire, changes nothing on any."""
        if not known.is_live:
            return
        began = datetime.now(UTC)
        program, address = self.doors.programs[wire], address_of(wire, known)
        document = program.get(address).json()["data"]
        body = {key: value for key, value in document.items() if value is not None or key not in REQUIRED[wire]}
        answer = program.request("PUT" if wire == "winnerr" else "PATCH", address.partition("?")[0], json=body)
        assert answer.status_code == 200, answer.content
        assert answer.json()["data"] == document
        self.check(known, began)

    def delete(self, wire: str, known: Known) -> None:
        began = datetime.now(UTC)
        answer = self.doors.programs[wire].delete(address_of(wire, known).partition("?")[0])
        expected = {"winnerr": 200, "rentalot": 204, "estateprime": 200}[wire] if known.is_live else 404
        assert answer.status_code == expected
        known.is_live = False
        self.check(known, began)

    # What has to be true then.

    def of(self, known: Known) -> Known:
        """The contact as it is now."""
        return next(other for other in self.contacts if other.number == known.number)

    def replace(self, known: Known, after: Known) -> None:
        self.contacts[self.contacts.index(known)] = after

    def foreseen(self, known: Known, apply: Change, body: Document) -> tuple[Known, str]:
        """What the write makes of the contact, and why it is refused, empty when it is not."""
        after = known.copy()
        try:
            apply(after, body)
            self.check_address(after)
        except Refused as refusal:
            return known, str(refusal)
        news = moved(known, after, self.catalogue)
        after.version += bool(news) and known.number > 0
        # A score worked out again moves the version alone.
        after.updated = NOW if news - {"leadScore"} else known.updated
        return after, ""

    def check_address(self, known: Known) -> None:
        """One live contact per primary address, whatever its case."""
        address = known.email.value.casefold()
        others = (other for other in self.contacts if other.is_live and other.number != known.number)
        if address and any(other.email.value.casefold() == address for other in others):
            raise Refused("duplicate")

    def check(self, known: Known, began: datetime) -> None:
        """Every wire shows the contact as it should be, or none of them a deleted one."""
        if not known.is_live:
            answers = [self.doors.programs[wire].get(address_of(wire, known)) for wire in ADDRESSES]
            assert [answer.status_code for answer in answers] == [404] * 3
            return
        documents, versions = self.doors.documents(known)
        settle(known, documents, began)
        expected = shown(known, self.catalogue)
        assert documents == expected
        assert [list(document) for document in documents.values()] == [list(each) for each in expected.values()]
        assert versions == {str(known.version)}


def settle(known: Known, documents: dict[str, Document], began: datetime) -> None:
    """Moments that were not known before: each is within the write that made it."""
    converted = documents["estateprime"]["date_converted_to_client"]
    printed = {
        "created": documents["winnerr"]["createdAt"],
        "updated": documents["winnerr"]["updatedAt"],
        "applied": documents["rentalot"]["appliedAt"],
        "converted": converted and f"{converted.replace(' ', 'T')}Z",
    }
    for name, moment in printed.items():
        if getattr(known, name) == NOW:
            assert began.replace(microsecond=0) <= datetime.fromisoformat(moment) <= datetime.now(UTC)
            setattr(known, name, moment)


def filled(form: dict[str, Any], body: Document, world: World) -> dict[str, Any]:
    """The dashboard's form with the words of the body typed into it."""
    typed: dict[str, Any] = {name: value for name, value in body.items() if name != "is_company"}
    if "tag_names" in body:
        typed["tag_names"] = ", ".join(f'"{name}"' if "," in name else name for name in body["tag_names"])
    if "assigned_to" in body:
        keys = {member.number: member.pk for member in world.members}
        typed["assigned_to"] = keys.get(body["assigned_to"], "")
    if body.get("is_company"):
        typed["is_company"] = "on"
    kept = {name: value for name, value in form.items() if name != "is_company" or "is_company" not in body}
    return kept | typed
