"""Searching messages through Rentalot's wire (CONTRACTS 2.8, 2.9, R-S14)."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from activities import search
from activities.models import Communication, Conversation
from contacts.models import Contact
from contacts.services import delete_contact
from tests.contracts.described import Described
from tests.contracts.test_rentalot_conversations import Rentalot, narrow_agents, pagination, say
from tests.worlds import MOMENT, WireClient, World

ADDRESS = "/api/v1/conversations/search"
MIGRATION = "activities.migrations.0004_conversations_and_search_text"


@pytest.fixture
def client(north: World, rentalot: Rentalot) -> WireClient:
    """A program of the north's."""
    return rentalot(north.owner)


def contents(client: WireClient, text: str, **query: Any) -> list[str]:
    response = client.get(ADDRESS, {"query": text, **query})
    assert response.status_code == 200, response.content
    return [document["content"] for document in response.json()["data"]]


@pytest.mark.parametrize("path", [ADDRESS, f"{ADDRESS}/"])
@pytest.mark.parametrize("name", ["query", "q"])
def test_hits_are_whole_documents_the_newest_first(north: World, client: WireClient, path: str, name: str) -> None:
    conversation = say(north, north.contacts[2], "whatsapp", "The balcony?", "Has a balcony.")
    say(north, north.contacts[3], "sms", "No cellar.", minutes=9)
    with north.scope():
        older, newer = Communication.objects.filter(conversation=conversation).order_by("occurred_at")

    def hit(row: Communication, sent_at: str) -> dict[str, Any]:
        return {
            "messageId": str(row.uuid),
            "content": row.body,
            "direction": "inbound",
            "channel": "whatsapp",
            "sentAt": sent_at,
            "conversationId": str(conversation.uuid),
            "contactName": f"Carol Gamma {north.canary}",
        }

    expected = [hit(newer, "2026-03-03T09:31:00Z"), hit(older, "2026-03-03T09:30:00Z")]
    response = client.get(path, {name: "balcony"})
    assert response.json() == {"data": expected, "pagination": pagination(2, limit=10)}
    assert list(response.json()["data"][0]) == list(expected[0])
    assert "X-Search-Truncated" not in response


@pytest.mark.parametrize(
    ("body", "found", "missed"),
    [
        ("Is the BALCONY facing south?", ["balcony", "Balcony", "LCON", "south balcony", "is facing the"], ["north"]),
        ("Café in der Größe, naïve Œuvre", ["cafe", "CAFÉ", "größe", "grosse", "naive", "oeuvre cafe"], ["kaffee"]),
        (
            "100% of a_b costs 5\\6",
            ["100%", "a_b", "5\\6", "%", "_", "\\"],
            ["100_", "a%b", "%%", "__", "5%6", "0%o"],
        ),
        ("Москва, Άνθρωπος", ["МОСКВА", "ανθρωπος", "москва ΆΝΘ"], ["moskva"]),
        ("On 2026-03-05 call +1 (555) 123-4567", ["2026-03-05", "(555) 123-4567", "123-4567 call"], ["20260305"]),
        ("two\n\tlines,  many   blanks", ["lines two", "  blanks \t many "], ["linestwo"]),
        ("日本の家", ["日本", "の"], ["中国"]),
    ],
)
def test_every_word_must_be_somewhere(
    north: World, client: WireClient, body: str, found: list[str], missed: list[str]
) -> None:
    say(north, north.contacts[2], "sms", body)
    assert {text: contents(client, text) for text in found} == {text: [body] for text in found}
    assert {text: contents(client, text) for text in missed} == {text: [] for text in missed}


def test_subjects_are_found_and_names_are_not(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "email", "See below.", subject="Viewing on Monday")
    assert contents(client, "monday below") == ["See below."]
    assert contents(client, "carol") == []


def test_a_hit_without_a_body_shows_its_subject(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "call", "", subject="Missed call")
    assert contents(client, "missed") == ["Missed call"]


def test_the_first_ten_thousand_characters_are_searched(north: World, client: WireClient) -> None:
    words = f"{'lorem ' * 1_600}nearby {'ipsum ' * 1_600} faraway"
    say(north, north.contacts[2], "email", words)
    assert contents(client, "nearby") == [words]
    assert contents(client, "faraway") == []


@pytest.mark.parametrize("text", ["", "   ", None])
@pytest.mark.parametrize("name", ["query", "q"])
def test_a_search_needs_something_to_look_for(client: WireClient, name: str, text: str | None) -> None:
    response = client.get(ADDRESS, None if text is None else {name: text})
    assert (response.status_code, response.json()["errors"]) == (
        422,
        [{"field": "query", "message": "query is required"}],
    )


def test_the_document_requires_something_to_look_for() -> None:
    parameters = Described.at("/api/v1/openapi.json").operation("GET", ADDRESS)["parameters"]
    assert [parameter["name"] for parameter in parameters if parameter.get("required")] == ["query"]


def test_the_longest_search_is_500_characters(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", "x" * 500)
    assert contents(client, f" {'x' * 500} ") == ["x" * 500]
    response = client.get(ADDRESS, {"q": "x" * 501})
    assert (response.status_code, response.json()["errors"]) == (
        422,
        [{"field": "query", "message": "query must be at most 500 characters"}],
    )


def test_sent_several_times_all_of_it_is_searched_for(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", "Balcony", "Cellar", "Balcony and cellar")
    assert contents(client, "", q="cellar") == ["Balcony and cellar", "Cellar"]
    for query in ({"query": ["cellar", "balcony"]}, {"query": "balcony", "q": "cellar"}):
        response = client.get(ADDRESS, query)
        assert [document["content"] for document in response.json()["data"]] == ["Balcony and cellar"]


def test_what_has_no_word_in_it_finds_nothing(north: World, client: WireClient) -> None:
    response = client.get(ADDRESS, {"q": "\u0301"})
    assert (response.status_code, response.json()) == (200, {"data": [], "pagination": pagination(0, limit=10)})


def test_pages_of_hits_have_every_one_once(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", *(f"Garden {number}" for number in range(7)))
    say(north, north.contacts[3], "sms", *(f"Garden {number}" for number in range(7, 14)))
    everything = contents(client, "garden", limit=50)
    assert len(set(everything)) == 14
    walked = []
    for number in range(1, 5):
        response = client.get(ADDRESS, {"q": "garden", "page": number, "limit": 4})
        assert response.json()["pagination"] == pagination(14, number, 4)
        walked += [document["content"] for document in response.json()["data"]]
    assert walked == everything
    for number in (5, 10**17):
        response = client.get(ADDRESS, {"q": "garden", "page": number, "limit": 4})
        assert response.json() == {"data": [], "pagination": pagination(14, number, 4)}


def test_a_page_has_ten_hits_unless_asked_and_fifty_at_most(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", *("Garden" for _ in range(60)))
    assert (len(contents(client, "garden")), len(contents(client, "garden", limit=1_000))) == (10, 50)
    assert client.get(ADDRESS, {"q": "garden", "limit": 51}).json()["pagination"] == pagination(60, limit=50)


@pytest.mark.parametrize("recent", [0, 3, 1_000])
def test_of_too_many_hits_the_newest_are_paged_and_the_answer_says_so(
    north: World, client: WireClient, monkeypatch: pytest.MonkeyPatch, recent: int
) -> None:
    say(north, north.contacts[2], "sms", *(f"Garden {number}" for number in range(8)))
    say(north, north.contacts[3], "sms", "Cellar", "Cellar", minutes=20)
    monkeypatch.setattr(search, "MOST_HITS", 5)
    monkeypatch.setattr(search, "MOST_RECENT", recent)
    walked = []
    for number in range(1, 4):
        response = client.get(ADDRESS, {"q": "garden", "page": number, "limit": 2})
        assert response.json()["pagination"] == pagination(5, number, 2)
        assert response["X-Search-Truncated"] == "true"
        walked += [document["content"] for document in response.json()["data"]]
    assert walked == [f"Garden {number}" for number in (7, 6, 5, 4, 3)]
    response = client.get(ADDRESS, {"q": "garden", "page": 4, "limit": 2})
    assert response.json() == {"data": [], "pagination": pagination(5, 4, 2)}


@pytest.mark.postgresql
def test_words_the_index_does_not_know_are_looked_for_in_the_newest_messages_and_the_answer_says_so(
    north: World, client: WireClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(north, north.contacts[2], "sms", "No.", "Ok.", "Ok!", "No!", "Ok?")
    monkeypatch.setattr(search, "MOST_RECENT_WITHOUT_INDEX", 3)
    response = client.get(ADDRESS, {"q": "ok"})
    assert [document["content"] for document in response.json()["data"]] == ["Ok?", "Ok!"]
    assert (response.json()["pagination"], response["X-Search-Truncated"]) == (pagination(2, limit=10), "true")
    monkeypatch.setattr(search, "MOST_RECENT_WITHOUT_INDEX", 100)
    response = client.get(ADDRESS, {"q": "ok"})
    assert [document["content"] for document in response.json()["data"]] == ["Ok?", "Ok!", "Ok."]
    assert "X-Search-Truncated" not in response


def test_the_stranger_is_never_found(north: World, south: World, client: WireClient, rentalot: Rentalot) -> None:
    say(south, south.contacts[2], "sms", "Hidden garden")
    for text in (south.canary, "garden", south.canary[:4]):
        assert contents(client, text) == []
    assert contents(client, "dear")
    assert contents(rentalot(south.owner), "garden") == ["Hidden garden"]


def test_messages_of_deleted_contacts_are_not_found(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "sms", "Garden", "Garden")
    say(north, north.contacts[3], "sms", "Garden here", minutes=5)
    with north.scope():
        delete_contact(Contact.objects.get(pk=north.contacts[2].pk), actor=north.actor())
    response = client.get(ADDRESS, {"q": "garden"})
    assert [document["content"] for document in response.json()["data"]] == ["Garden here"]
    assert response.json()["pagination"] == pagination(1, limit=10)


def test_narrowed_agents_find_what_was_said_with_their_contacts(
    north: World, rentalot: Rentalot, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first contact is the agent's, and further looked after by the admin; the third is nobody's.
    say(north, north.contacts[0], "sms", "Garden of mine", "Garden of mine, too")
    say(north, north.contacts[2], "sms", "Garden of somebody", minutes=5)
    with north.scope():
        delete_contact(Contact.objects.get(pk=north.contacts[1].pk), actor=north.actor())
    narrow_agents(north)
    agent = rentalot(north.agent)
    for most in (search.MOST_HITS, 1):
        monkeypatch.setattr(search, "MOST_HITS", most)
        response = agent.get(ADDRESS, {"q": "garden"})
        expected = ["Garden of mine, too", "Garden of mine"][:most]
        assert [document["content"] for document in response.json()["data"]] == expected
        assert response.json()["pagination"] == pagination(len(expected), limit=10)
        # Deleted: not theirs any more.
        assert contents(agent, "dear") == [f"Dear {north.canary}."]
    assert len(contents(rentalot(north.admin), "garden")) == 1


def test_an_agent_finds_what_was_said_with_contacts_they_help_with(north: World, rentalot: Rentalot) -> None:
    say(north, north.contacts[0], "sms", "Garden")
    with north.scope():
        Contact.objects.filter(pk=north.contact.pk).update(assigned_to=north.owner)
    narrow_agents(north)
    agent = rentalot(north.agent)
    assert contents(agent, "garden") == []
    with north.scope():
        north.contact.further_assignees.update(member=north.agent)
    assert contents(agent, "garden") == ["Garden"]


def test_conversations_of_contacts_deleted_before_are_hidden(north: World) -> None:
    with north.scope():
        Contact.objects.filter(pk=north.contact.pk).update(deleted_at=MOMENT)
        import_module(MIGRATION).hide_conversations(apps, SimpleNamespace(connection=connection))
        assert list(Conversation.objects.filter(is_hidden=False).values_list("contact", flat=True)) == [
            north.contacts[1].pk
        ]


def test_messages_from_before_the_search_are_made_findable(north: World, client: WireClient) -> None:
    say(north, north.contacts[2], "email", f"Größe {'x' * 20_000}", subject="Élan")
    migration = import_module(MIGRATION)
    with north.scope():
        kept = dict(Communication.objects.values_list("pk", "search_text"))
        Communication.objects.update(search_text="")
        assert contents(client, "grosse") == []
        migration.fill_search_text(apps, SimpleNamespace(connection=connection))
        assert dict(Communication.objects.values_list("pk", "search_text")) == kept
    assert len(contents(client, "grosse elan")) == 1
