"""Three wires over one address book, at the same time and side by side (CONTRACTS 6.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pytest

from accounts.models import IdempotencyRecord, Member
from contacts.models import Contact
from tests.contracts.book import ADDRESSES
from tests.contracts.conftest import at_once
from tests.worlds import WireClient, World, bearer_token, estateprime_pair, rentalot_key

Program = Callable[[Member | None], WireClient]

PROBLEM: Final = "https://rentalot.ai/problems/"
SECRETS: Final[Mapping[str, Callable[[Member], str]]] = {
    "winnerr": bearer_token,
    "rentalot": rentalot_key,
    "estateprime": estateprime_pair,
}
CONTENT_TYPES: Final = {
    "winnerr": "application/json",
    "rentalot": "application/problem+json",
    "estateprime": "application/json",
}
CHALLENGES: Final = {"winnerr": "Bearer", "rentalot": "Bearer", "estateprime": 'Basic realm="EstatePrime"'}

WORKED_ON = "A request with this Idempotency-Key is still being worked on."


def refusal(
    wire: str, status: int, *, winnerr: tuple[str, str, str], rentalot: tuple[str, str, str], estateprime: str
) -> Any:
    """The whole body of a failure: type, title and detail, or EstatePrime's sentence."""
    if wire == "winnerr":
        kind, title, detail = winnerr
        return {"success": False, "error": {"type": kind, "title": title, "status": status, "detail": detail}}
    if wire == "rentalot":
        kind, title, detail = rentalot
        return {"type": f"{PROBLEM}{kind}", "title": title, "status": status, "detail": detail}
    return {"status": status, "error_message": estateprime}


@pytest.fixture
def programs(north: World, winnerr: Program, rentalot: Program, estateprime: Program) -> dict[str, WireClient]:
    """The owner's, one for each wire."""
    return {
        "winnerr": winnerr(north.owner),
        "rentalot": rentalot(north.owner),
        "estateprime": estateprime(north.owner),
    }


def somebody(wire: str, email: str, phone: str = "+1-555-000-1111") -> dict[str, Any]:
    """Ann Lee, as a program of the wire sends her."""
    if wire == "winnerr":
        return {"firstName": "Ann", "lastName": "Lee", "email": email, "phone": phone}
    if wire == "rentalot":
        return {"name": "Ann Lee", "email": email, "phone": phone}
    return {
        "first_name": "Ann",
        "last_name": "Lee",
        "emails": [{"type": "work", "email_address": email}],
        "phones": [{"number": phone}],
    }


def create(programs: Mapping[str, WireClient], wire: str, email: str, **options: Any) -> Any:
    return programs[wire].post(ADDRESSES[wire], somebody(wire, email), **options)


def stored(north: World, **filters: Any) -> Contact:
    with north.scope():
        return Contact.objects.get(**filters)


def addresses_of(contact: Contact) -> dict[str, str]:
    return {
        "winnerr": f"/v1/contacts/{contact.winnerr_id}",
        "rentalot": f"/api/v1/contacts/{contact.uuid}",
        "estateprime": f"/api/contacts/{contact.number}",
    }


# At the same time.


def assert_duplicate(wire: str, answer: Any, email: str, holder: Contact) -> None:
    """Each wire's own refusal, whole, with the way to the contact that won."""
    status = 400 if wire == "estateprime" else 409
    expected = refusal(
        wire,
        status,
        winnerr=("conflict_error", "Duplicate Contact", f"Contact with email '{email}' already exists"),
        rentalot=("conflict", "Conflict", "Contact with this email already exists"),
        estateprime=f"Email address {email} is already in use",
    )
    if wire == "rentalot":
        expected["existingId"] = str(holder.uuid)
    assert (answer.status_code, answer.json()) == (status, expected)
    assert answer["Link"] == f'<{addresses_of(holder)[wire]}>; rel="duplicate"'


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_clients_of_all_wires_that_create_one_address_exactly_one_wins(
    north: World, programs: dict[str, WireClient]
) -> None:
    for attempt in range(3):
        asked = [
            (wire, f"{attempt}{spelling}")
            for spelling in ("race@x.example", "Race@x.example", "RACE@X.EXAMPLE", "race@X.example", "raCE@x.example")
            for wire in ADDRESSES
        ]
        asked.append(("estateprime", f"{attempt}rAce@x.example"))
        answers = at_once([partial(create, programs, wire, email) for wire, email in asked])
        outcomes = list(zip(asked, answers, strict=True))
        assert sum(answer.status_code in (200, 201) for answer in answers) == 1
        holder = stored(north, email_norm=f"{attempt}race@x.example", deleted_at=None)
        for (wire, email), answer in outcomes:
            if answer.status_code not in (200, 201):
                assert_duplicate(wire, answer, email, holder)


@pytest.mark.django_db(transaction=True)
def test_one_idempotency_key_of_sixteen_clients_makes_one_contact_on_estateprime(
    north: World, programs: dict[str, WireClient]
) -> None:
    for attempt in range(3):
        email, headers = f"once{attempt}@x.example", {"Idempotency-Key": f"race-{attempt}"}
        answers = at_once([partial(create, programs, "estateprime", email, headers=headers)] * 16)
        holder = stored(north, email_norm=email)
        made = [answer for answer in answers if answer.status_code == 200]
        assert [answer.json() for answer in made] == [{"status": 200, "created_id": holder.number}] * len(made)
        assert sum(not answer.has_header("Idempotency-Replayed") for answer in made) == 1
        for answer in answers:
            if answer.status_code != 200:
                # The first is still at work.
                assert answer.json() == {"status": 400, "error_message": WORKED_ON}
                assert (answer.status_code, answer["Retry-After"]) == (400, "1")
        with north.scope():
            assert IdempotencyRecord.objects.filter(key=f"race-{attempt}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_changes_through_all_wires_at_once_all_survive(north: World, programs: dict[str, WireClient]) -> None:
    addresses = addresses_of(north.contacts[1])
    requests = {
        "winnerr": lambda n: programs["winnerr"].put(addresses["winnerr"], {"address": {"city": f"City {n}"}}),
        "rentalot": lambda n: programs["rentalot"].patch(addresses["rentalot"], {"referralSource": f"Friend {n}"}),
        "estateprime": lambda n: programs["estateprime"].patch(
            addresses["estateprime"], {"contact_details": [{"first_name": f"Pat {n}"}]}
        ),
    }
    before = stored(north, pk=north.contacts[1].pk).version
    answers = at_once([partial(requests[wire], n) for n in range(5) for wire in ADDRESSES])
    assert [answer.status_code for answer in answers] == [200] * 15
    documents = {wire: programs[wire].get(addresses[wire]).json()["data"] for wire in ADDRESSES}
    assert documents["winnerr"]["address"]["city"] in {f"City {n}" for n in range(5)}
    assert documents["rentalot"]["referralSource"] in {f"Friend {n}" for n in range(5)}
    assert documents["estateprime"]["contact_details"][0]["first_name"] in {f"Pat {n}" for n in range(5)}
    assert stored(north, pk=north.contacts[1].pk).version == before + 15


@pytest.mark.django_db(transaction=True)
def test_sixteen_deletes_through_all_wires_at_once_find_it_once(north: World, programs: dict[str, WireClient]) -> None:
    addresses = addresses_of(north.contacts[1])
    answers = at_once([partial(programs[wire].delete, addresses[wire]) for wire in [*ADDRESSES] * 5])
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([200, *[404] * 14], [204, *[404] * 14])


# One wire's credential on another (case 58).


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("wire", ADDRESSES)
@pytest.mark.parametrize("other", ADDRESSES)
def test_a_credential_is_good_on_its_own_wire_alone(north: World, wire: str, other: str, scheme: str) -> None:
    own_scheme = "Basic" if wire == "estateprime" else "Bearer"
    program = WireClient(north.owner, secret_of=SECRETS[wire], scheme=scheme)
    below = [ADDRESSES[other], addresses_of(north.contact)[other]]
    if wire == other and scheme == own_scheme:
        assert [program.get(address).status_code for address in below] == [200, 200]
        return
    expected = refusal(
        other,
        401,
        winnerr=("authentication_error", "Unauthorized", "Missing or invalid access token"),
        rentalot=("unauthorized", "Unauthorized", "Missing or invalid API key"),
        estateprime="Unauthorized.",
    )
    answers = [*map(program.get, below), program.post(ADDRESSES[other], somebody(other, "new@x.example"))]
    for answer in [*answers, program.delete(below[1])]:
        assert (answer.status_code, answer.json()) == (401, expected)
        assert answer["Content-Type"].partition(";")[0] == CONTENT_TYPES[other]
        assert answer["WWW-Authenticate"] == CHALLENGES[other]
    assert stored(north, pk=north.contact.pk).is_live


# One contact, seen from elsewhere (cases 55 to 57).


@pytest.mark.django_db
def test_an_estateprime_company_is_one_on_the_other_wires(north: World, programs: dict[str, WireClient]) -> None:
    body = {"is_company": True, "company_name": "Harbour GmbH", "phones": [{"type": "work", "number": "210 555"}]}
    number = programs["estateprime"].post(ADDRESSES["estateprime"], body).json()["created_id"]
    addresses = addresses_of(stored(north, number=number))

    person = programs["winnerr"].get(addresses["winnerr"]).json()["data"]
    names = {key: person[key] for key in ("firstName", "lastName", "email", "phone", "type")}
    assert names == {"firstName": None, "lastName": None, "email": None, "phone": "210 555", "type": "CLIENT"}
    renter = programs["rentalot"].get(addresses["rentalot"]).json()["data"]
    assert {key: renter[key] for key in ("name", "email", "phone", "status", "role")} == {
        "name": "Harbour GmbH",
        "email": None,
        "phone": "210 555",
        "status": "prospect",
        "role": "prospect",
    }


def names_on(programs: Mapping[str, WireClient], addresses: Mapping[str, str]) -> dict[str, Any]:
    """What a contact is called on each wire."""
    documents = {wire: programs[wire].get(addresses[wire]).json()["data"] for wire in ADDRESSES}
    keys = {
        "winnerr": ("firstName", "lastName"),
        "rentalot": ("name",),
        "estateprime": ("first_name", "last_name", "is_company", "company_name"),
    }
    return {wire: tuple(documents[wire][key] for key in keys[wire]) for wire in ADDRESSES}


def made_company(north: World, programs: Mapping[str, WireClient], **names: str) -> dict[str, str]:
    """The addresses of a new company, as EstatePrime's programs make one."""
    body = {"is_company": True, "company_name": "Harbour GmbH", **names}
    number = programs["estateprime"].post(ADDRESSES["estateprime"], body).json()["created_id"]
    return addresses_of(stored(north, number=number))


@pytest.mark.django_db
def test_a_company_has_one_name_whoever_gives_it_another(
    north: World, south: World, programs: dict[str, WireClient]
) -> None:
    addresses = made_company(north, programs)

    def called(name: str) -> dict[str, Any]:
        return {"winnerr": (None, None), "rentalot": (name,), "estateprime": ("", "", True, name)}

    renamings: list[tuple[str, dict[str, Any]]] = [
        ("rentalot", {"name": "Port & Sons"}),
        ("estateprime", {"company_name": "Quay Ltd"}),
        ("rentalot", {"name": "Dr. Éva van der Berg"}),
        ("estateprime", {"company_name": "Pier", "is_company": True}),
    ]
    for wire, body in renamings:
        assert programs[wire].patch(addresses[wire], body).status_code == 200
        assert names_on(programs, addresses) == called(body.get("name") or body["company_name"])
    found = programs["estateprime"].get(ADDRESSES["estateprime"], {"search": "pier"}).json()["data"]
    assert [document["company_name"] for document in found] == ["Pier"]
    for former in ("harbour gmbh", "port sons", "quay", "berg"):
        assert programs["estateprime"].get(ADDRESSES["estateprime"], {"search": former}).json()["data"] == []


@pytest.mark.django_db
def test_a_company_with_a_persons_name_beside_its_own_is_that_person_on_rentalot(
    north: World, south: World, programs: dict[str, WireClient]
) -> None:
    addresses = made_company(north, programs, first_name="Ann", last_name="Lee")
    assert names_on(programs, addresses)["rentalot"] == ("Ann Lee",)

    assert programs["rentalot"].patch(addresses["rentalot"], {"name": "Ludwig van Beethoven"}).status_code == 200
    assert names_on(programs, addresses) == {
        "winnerr": ("Ludwig", "van Beethoven"),
        "rentalot": ("Ludwig van Beethoven",),
        "estateprime": ("Ludwig", "van Beethoven", True, "Harbour GmbH"),
    }
    programs["estateprime"].patch(addresses["estateprime"], {"first_name": None, "last_name": None})
    assert names_on(programs, addresses)["rentalot"] == ("Harbour GmbH",)


@pytest.mark.django_db
def test_a_rentalot_contact_without_an_address_has_none_elsewhere(
    north: World, programs: dict[str, WireClient]
) -> None:
    body = {"name": "Ludwig van Beethoven", "phone": "+1-555-000-1111", "notes": "Deaf"}
    made = programs["rentalot"].post(ADDRESSES["rentalot"], body).json()["data"]
    addresses = addresses_of(stored(north, uuid=made["id"]))

    person = programs["winnerr"].get(addresses["winnerr"]).json()["data"]
    seen = {key: person[key] for key in ("firstName", "lastName", "email", "source", "notes", "status")}
    assert seen == {
        "firstName": "Ludwig",
        "lastName": "van Beethoven",
        "email": None,
        "source": "api",
        "notes": "Deaf",
        "status": "ACTIVE",
    }
    client = programs["estateprime"].get(addresses["estateprime"]).json()["data"]
    seen = {key: client[key] for key in ("first_name", "last_name", "emails", "source_id", "is_lead", "notes")}
    assert seen == {
        "first_name": "Ludwig",
        "last_name": "van Beethoven",
        "emails": [],
        "source_id": None,
        "is_lead": True,
        "notes": "Deaf",
    }
    assert "notes" not in made


@pytest.mark.django_db
@pytest.mark.parametrize("wire", ADDRESSES)
def test_what_one_wire_deletes_is_gone_on_all_and_its_address_free(
    north: World, programs: dict[str, WireClient], wire: str
) -> None:
    contact = north.contact
    addresses = addresses_of(contact)
    totals = {"winnerr": ("pagination", "total"), "rentalot": ("pagination", "total")}

    def total(name: str) -> int:
        answer = programs[name].get(ADDRESSES[name]).json()
        outer, inner = totals.get(name, ("", ""))
        return int(answer[outer][inner] if outer else answer["total_results"])

    before = {name: total(name) for name in ADDRESSES}
    assert programs[wire].delete(addresses[wire]).status_code == (204 if wire == "rentalot" else 200)
    for name, address in addresses.items():
        expected = refusal(
            name,
            404,
            winnerr=(
                "not_found_error",
                "Contact Not Found",
                f"Contact with ID '{contact.winnerr_id}' was not found",
            ),
            rentalot=("not-found", "Not Found", "Contact not found"),
            estateprime="Contact not found.",
        )
        for answer in (programs[name].get(address), programs[name].delete(address)):
            assert (answer.status_code, answer.json()) == (404, expected)
        assert total(name) == before[name] - 1
    other = next(name for name in ADDRESSES if name != wire)
    assert create(programs, other, "jane@example.com").status_code in (200, 201)


# What goes wrong, under each prefix in its own envelope (case 59).

WRONG: Final[dict[str, tuple[int, dict[str, Any]]]] = {
    "no route": (
        404,
        {
            "winnerr": ("not_found_error", "Not Found", "The requested resource was not found"),
            "rentalot": ("not-found", "Not Found", "The requested resource was not found"),
            "estateprime": "Not found.",
        },
    ),
    "method": (
        405,
        {
            "winnerr": (
                "method_not_allowed_error",
                "Method Not Allowed",
                "This method is not allowed for the requested resource",
            ),
            "rentalot": ("method-not-allowed", "Method Not Allowed", "Method not allowed"),
            "estateprime": "Method not allowed.",
        },
    ),
    "too large": (
        413,
        {
            "winnerr": ("invalid_request_error", "Payload Too Large", "The request body is larger than 1 MiB"),
            "rentalot": ("payload-too-large", "Payload Too Large", "The request body is larger than 1 MiB"),
            "estateprime": "Payload too large.",
        },
    ),
    "malformed": (
        400,
        {
            "winnerr": ("invalid_request_error", "Invalid Request", "Syntax error at line 1 column 2"),
            "rentalot": ("bad-request", "Bad Request", "Syntax error at line 1 column 2"),
            "estateprime": "Invalid JSON.",
        },
    ),
}
BASES: Final = {"winnerr": "/v1", "rentalot": "/api/v1", "estateprime": "/api"}


@pytest.mark.django_db
@pytest.mark.parametrize("wire", ADDRESSES)
@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_in_the_envelope_of_the_address_it_was_made_at(
    north: World, programs: dict[str, WireClient], wire: str, mistake: str
) -> None:
    program, address = programs[wire], ADDRESSES[wire]
    answer = {
        "no route": lambda: program.get(f"{BASES[wire]}/nothing-here"),
        "method": lambda: program.put(address, {}),
        "too large": lambda: program.post(address, {"notes": "x" * 2**20}),
        "malformed": lambda: program.post(address, body="{"),
    }[mistake]()
    status, words = WRONG[mistake]
    assert (answer.status_code, answer.json()) == (status, refusal(wire, status, **words))
    assert answer["Content-Type"].partition(";")[0] == CONTENT_TYPES[wire]
