"""Finding what was said: any words of subjects and bodies, the newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection

from accounts.actor import Actor
from activities.models import Communication
from activities.querysets import of_live_contacts
from contacts.normalise import fold

# Characters of a message that can be found, as they were written, the subject's first: people look for what somebody
# said, and the rest of a longer mail is what it answers to, forwards and disclaims. It also bounds an index entry.
LONGEST_SEARCHED: Final = 10_000
# Hits of one search, counted and paged; of more, these are the newest.
MOST_HITS: Final = 10_000
# Messages that are looked through, newest first, for words that a great many have: the page is likely among them, and to
# sort all the hits would take long. And the same for words of one or two letters, which the index does not know.
MOST_RECENT: Final = 50_000
MOST_RECENT_WITHOUT_INDEX: Final = 100_000

# What a trigram needs: three letters or digits in a row.
_TRIGRAM: Final = re.compile(r"[^\W_]{3}")


@dataclass(frozen=True)
class Hits:
    """A page of what a search found: primary keys of communications, newest first, and how many all pages have.

    ``is_cut_off`` says that there may be more: than ``MOST_HITS``, or among messages too old to be looked through for
    words of one or two letters. The pages have the newest.
    """

    ids: tuple[int, ...] = ()
    total: int = 0
    is_cut_off: bool = False


def search_text(subject: str, body: str) -> str:
    """What the search compares: subject and body without case and accents, of the first 10,000 characters."""
    return fold(f"{subject}\n{body[:LONGEST_SEARCHED]}"[:LONGEST_SEARCHED])


def words_of(text: str) -> list[str]:
    """The words to look for, the longest first, in the form ``search_text`` has them in; none that another one contains."""
    words = sorted(set(fold(text.replace("\x00", " ")).split()), key=lambda word: (-len(word), word))
    return [word for place, word in enumerate(words) if not any(word in longer for longer in words[:place])]


def search_communications(text: str, *, actor: Actor, first: int, limit: int) -> Hits:
    """The communications with contacts the actor may see that hold every word of ``text``, in whatever order.

    Case and accents do not count; ``%`` and ``_`` mean themselves. ``first`` is how many hits stand before the page. Text
    without a word finds nothing.
    """
    words = words_of(text)
    # Past the last hit the total is still asked for.
    size = max(0, min(limit, MOST_HITS - first))
    if not words:
        return Hits()
    search = _search_as_owner if connection.vendor == "postgresql" else _search_each
    return search(words, actor=actor, first=min(first, MOST_HITS), size=size)


def _search_as_owner(words: list[str], *, actor: Actor, first: int, size: int) -> Hits:
    """By the function that may use the trigram index (migration 0005)."""
    member = None if actor.sees_all_contacts else actor.member_id or 0
    patterns = [f"%{_literal(word)}%" for word in words]
    in_index = any(map(_TRIGRAM.search, words))
    recent = MOST_RECENT if in_index else MOST_RECENT_WITHOUT_INDEX
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ids, total, is_cut_off FROM activities_search(%s::text[], %s, %s, %s, %s, %s, %s)",
            [patterns, in_index, member, first, size, MOST_HITS, recent],
        )
        ids, total, is_cut_off = cursor.fetchone()
    return Hits(tuple(ids), total, is_cut_off)


def _search_each(words: list[str], *, actor: Actor, first: int, size: int) -> Hits:
    """By reading every row: for SQLite."""
    found = of_live_contacts(Communication.objects.all(), actor)
    for word in words:
        found = found.filter(search_text__contains=word)
    total = found.order_by()[: MOST_HITS + 1].count()
    ids = found.order_by("-occurred_at", "-id").values_list("pk", flat=True)[first : first + size] if total else ()
    return Hits(tuple(ids), min(total, MOST_HITS), total > MOST_HITS)


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)
