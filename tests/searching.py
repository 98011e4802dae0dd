"""The search by a plain reading of what was typed: no index, no stored column and none of the project's own folding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from contacts.drafts import ContactDraft


def is_found(person: ContactDraft, query: str) -> bool:
    """Whether each word is somewhere, or else each with numbers as digits; a query of a number alone is one word."""
    text, wanted = " ".join(_texts(person)), _plain(query)
    if re.fullmatch(r"[0-9 +()./-]*[0-9][0-9 +()./-]*", wanted):
        return wanted in text or _number(wanted) in text
    words = wanted.split()
    numbers = [_digits(word) if re.fullmatch(r"[+(]?[0-9][0-9().+/-]{2,}", word) else word for word in words]
    return all(word in text for word in words) or all(word in text for word in numbers)


def _texts(person: ContactDraft) -> Iterator[str]:
    phones = [person.phone or "", *(further.phone for further in person.further_phones or ())]
    yield _plain(person.full_name or "")
    yield _plain(person.company_name or "")
    yield from (_plain(email) for email in (person.email or "", *(each.email for each in person.further_emails or ())))
    yield from (_plain(phone) for phone in phones)
    yield from (_digits(phone) for phone in phones)
    yield from (_dialled(phone) for phone in phones)


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.replace("\x00", " ").casefold())
    return " ".join("".join(character for character in bare if not unicodedata.combining(character)).split())


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _number(query: str) -> str:
    """Of a whole number without the zeros that are only dialled."""
    digits = _digits(query.replace("(0)", ""))
    return re.sub(r"^0+(?=[0-9])", "", digits) if len(digits) >= 8 else digits


def _dialled(phone: str) -> str:
    """From abroad, where ten digits are a number in North America."""
    digits = _digits(phone)
    return f"1{digits}" if len(digits) == 10 and "+" not in phone else digits
