"""``reconcile_sms``: what Twilio could not bring is fetched from the list it keeps, into the same receipts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.actor import Actor
from activities.models import InboundChannel
from activities.services.channels import rotate_channel_secret
from tests.inbound import channel_of, contacts_from, messages_of, receipts_of, work
from tests.sms import ACCOUNT, NUMBER, Answer, StandIn, login, messages_of_list, page, post, recorded, stand_in
from tests.worlds import World

LIST = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
BUSY = Answer(status=503, headers={"Retry-After": "0"})


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def channel(north: World) -> InboundChannel:
    return channel_of(north, "sms", address=NUMBER, account=ACCOUNT)


def reconcile(world: World, provider: StandIn, *options: str) -> dict[str, Any]:
    out = StringIO()
    slug = world.organization.slug
    call_command("reconcile_sms", "--organization", slug, "--base-url", provider.address, *options, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def failure_of(world: World, provider: StandIn, *options: str) -> str:
    with pytest.raises(CommandError) as raised:
        reconcile(world, provider, *options)
    assert raised.value.returncode == 1
    return str(raised.value)


def test_what_never_arrived_is_fetched_and_what_arrived_is_not_doubled(
    north: World, south: World, channel: InboundChannel, provider: StandIn
):
    post(channel, recorded("message_text"))
    provider.will_answer(page(messages_of_list()))
    assert reconcile(north, provider) == {"listed": 2, "new": 1, "repeated": 1}
    assert reconcile(north, provider) == {"listed": 2, "new": 0, "repeated": 2}
    post(channel, recorded("message_text", MessageSid="MM00000000000000000000000000000010"))
    work()
    assert [key for key, state, _ in receipts_of(north, channel) if state == "applied"] == [
        "message:SM00000000000000000000000000000001",
        "message:MM00000000000000000000000000000010",
    ]
    assert {contact.phone for contact in contacts_from(north, "sms")} == {"+12025550143", "+12025550178"}
    fetched = messages_of(north, channel)[1]
    assert (fetched.body, fetched.occurred_at) == ("The garden, as promised", datetime(2026, 3, 2, 9, 12, tzinfo=UTC))
    assert fetched.metadata["attachmentList"].endswith("/MM00000000000000000000000000000010/Media.json")
    assert contacts_from(south, "sms") == []
    with north.scope():
        conflicts = dict(channel.receipts.values_list("key", "conflicts"))
    # Told in the list's form it is no other content; posted in other words it is.
    assert conflicts == {
        "message:SM00000000000000000000000000000001": 0,
        "message:MM00000000000000000000000000000010": 1,
    }


def test_the_list_is_asked_for_with_the_account_and_since_when(
    north: World, channel: InboundChannel, provider: StandIn
):
    provider.will_answer(page([]))
    before = datetime.now(UTC) - timedelta(hours=3)
    assert reconcile(north, provider, "--hours", "3") == {"listed": 0, "new": 0, "repeated": 0}
    ((address, authorization),) = provider.asked
    found = re.fullmatch(re.escape(LIST) + r"\?DateSent%3E=([-0-9T]+)%3A(\d\d)%3A(\d\d)Z&PageSize=1000", address)
    assert found
    assert authorization == login()
    since = datetime.fromisoformat(f"{found[1]}:{found[2]}:{found[3]}+00:00")
    assert before.replace(microsecond=0) <= since <= datetime.now(UTC) - timedelta(hours=3)


def test_pages_are_followed_to_the_end(north: World, channel: InboundChannel, provider: StandIn):
    first, second, sent = messages_of_list()
    provider.will_answer(page([first], f"{LIST}?Page=1&PageToken=PA1"), page([sent, second], ""))
    assert reconcile(north, provider) == {"listed": 2, "new": 2, "repeated": 0}
    assert provider.asked[1][0] == f"{LIST}?Page=1&PageToken=PA1"


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example.com/list",
        "//evil.example.com/list",
        "http://127.0.0.1:1/list",
        "http://localhost/list",
        "http://someone@127.0.0.1/list",
        "https:list",
        "javascript:alert(1)",
        "http://[",
        7,
        {"uri": "/"},
    ],
)
def test_the_auth_token_goes_to_no_other_host(north: World, channel: InboundChannel, provider: StandIn, following: Any):
    provider.will_answer(page(messages_of_list(), following))
    sentence = failure_of(north, provider)
    assert "goes on at" in sentence
    assert "2 listed, 2 new, 0 repeated" in sentence
    assert len(provider.asked) == 1
    assert len(receipts_of(north, channel)) == 2


def test_a_redirect_is_not_followed(north: World, channel: InboundChannel, provider: StandIn):
    provider.will_answer(Answer(status=302, headers={"Location": "/elsewhere"}))
    assert "status 302" in failure_of(north, provider)
    assert len(provider.asked) == 1


def test_a_list_that_leads_in_circles_is_left(north: World, channel: InboundChannel, provider: StandIn):
    provider.will_answer(page(messages_of_list(), f"{LIST}?Page=1"))
    assert "leads in circles" in failure_of(north, provider)
    assert len(provider.asked) == 2
    assert len(receipts_of(north, channel)) == 2


def test_a_busy_provider_is_asked_again_a_few_times(north: World, channel: InboundChannel, provider: StandIn):
    provider.will_answer(BUSY, Answer(status=429, headers={"Retry-After": "0"}), page(messages_of_list()))
    assert reconcile(north, provider) == {"listed": 2, "new": 2, "repeated": 0}
    provider.will_answer(page(messages_of_list(), f"{LIST}?Page=1"), BUSY)
    provider.asked.clear()
    assert "failed 4 times, at last: status 503" in failure_of(north, provider)
    assert len(provider.asked) == 5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401), "refused the account's SID and auth token (status 401)"),
        (Answer(status=404), "status 404"),
        (Answer(b"<html>down</html>"), "no JSON"),
        (Answer(b"[" * 100_000), "no JSON"),
        (Answer(b"[]"), "no list of messages"),
        (Answer(b"{}"), "no list of messages"),
        (Answer(b'{"messages": {}}'), "no list of messages"),
        (Answer(b'{"messages": [1]}'), "no list of messages"),
        (Answer(b""), "no JSON"),
    ],
)
def test_what_cannot_be_used_ends_with_a_sentence(
    north: World, channel: InboundChannel, provider: StandIn, answer: Answer, words: str
):
    provider.will_answer(answer)
    sentence = failure_of(north, provider)
    assert words in sentence
    assert "sesame" not in sentence
    assert len(provider.asked) == 1
    assert receipts_of(north, channel) == []


def test_a_provider_that_is_silent_or_away_ends_with_a_sentence(
    north: World, channel: InboundChannel, provider: StandIn, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    monkeypatch.setattr("activities.inbound.sms_listing.time.sleep", pauses.append)
    provider.will_answer(Answer(holds=True))
    assert "failed 4 times, at last: no answer in time" in failure_of(north, provider, "--timeout", "0.2")
    assert pauses == [1, 2, 4]
    away = StandIn("http://127.0.0.1:9")
    assert "failed 4 times, at last: no connection (ConnectError)" in failure_of(north, away)


def test_messages_that_hold_anything_are_kept(north: World, channel: InboundChannel, provider: StandIn):
    strange: list[dict[str, Any]] = [
        {"direction": "inbound", "to": NUMBER, "sid": None, "from": "+12025550143"},
        {"direction": "inbound", "to": NUMBER, "sid": "SM1", "from": 5, "body": ["x"], "date_sent": "yesterday"},
        {"direction": "inbound", "to": NUMBER, "sid": "SM2", "from": "+12025550143", "body": "\x00", "date_sent": {}},
        {"direction": "inbound", "to": "+15555550199", "sid": "SM3", "from": "+12025550143", "body": "for others"},
        {"direction": None, "to": NUMBER, "sid": "SM4"},
    ]
    provider.will_answer(page(strange))
    assert reconcile(north, provider) == {"listed": 3, "new": 3, "repeated": 0}
    work()
    assert [state for _, state, _ in receipts_of(north, channel)] == ["quarantined", "ignored", "applied"]


def test_in_an_overlap_the_secret_the_provider_knows_is_used(north: World, channel: InboundChannel, provider: StandIn):
    with north.scope():
        rotate_channel_secret(channel, "the-new-one", overlap=timedelta(hours=1), actor=Actor.command("tests"))
    provider.will_answer(Answer(status=401), page(messages_of_list()))
    assert reconcile(north, provider)["new"] == 2
    assert [authorization for _, authorization in provider.asked] == [login("the-new-one"), login()]


def test_two_channels_of_one_account_do_not_double_what_they_are_told(north: World, provider: StandIn):
    channels = [channel_of(north, "sms", account=ACCOUNT) for _ in range(2)]
    provider.will_answer(page(messages_of_list()))
    assert reconcile(north, provider) == {"listed": 4, "new": 2, "repeated": 2}
    assert [len(receipts_of(north, channel)) for channel in channels] == [2, 0]


def test_one_channel_that_fails_does_not_keep_the_others_from_theirs(
    north: World, channel: InboundChannel, provider: StandIn
):
    nameless = channel_of(north, "sms", address="+15555550111")
    provider.will_answer(page(messages_of_list()))
    sentence = failure_of(north, provider)
    assert "has no account SID" in sentence
    assert "2 new" in sentence
    assert len(receipts_of(north, channel)) == 2
    assert "no account SID" in failure_of(north, provider, "--channel", nameless.public_id)
    assert reconcile(north, provider, "--channel", channel.public_id)["repeated"] == 2


def test_a_wrong_channel_a_strangers_channel_and_none_are_named(
    north: World, south: World, channel: InboundChannel, provider: StandIn
):
    telegram = channel_of(north, "telegram")
    assert "is no SMS channel that is on" in failure_of(north, provider, "--channel", telegram.public_id)
    assert "has no channel with the id" in failure_of(south, provider, "--channel", channel.public_id)
    assert "has no SMS channel that is on" in failure_of(south, provider)
    assert "--hours must be above 0" in failure_of(north, provider, "--hours", "-1")
    assert provider.asked == []


def test_the_auth_token_is_not_sent_in_the_clear(north: World, channel: InboundChannel):
    assert "https:// only" in failure_of(north, StandIn("http://api.example.com"))


def test_the_address_of_the_api_is_a_setting_too(north: World, channel: InboundChannel, provider: StandIn):
    provider.will_answer(page(messages_of_list()))
    out = StringIO()
    with override_settings(TWILIO_API_URL=provider.address):
        call_command("reconcile_sms", "--organization", north.organization.slug, stdout=out)
    assert json.loads(out.getvalue()) == {"listed": 2, "new": 2, "repeated": 0}
