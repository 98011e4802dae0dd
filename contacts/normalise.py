"""Comparison forms of what people type: addresses, phone numbers and names.

Every function here is pure and total: no text, however broken, makes one raise. What was typed is stored as it was
typed; these forms stand beside it and are what uniqueness, duplicate suggestions, search and sorting compare.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from nameparser import HumanName

MAXIMUM_EMAIL: Final = 254
MAXIMUM_PHONE_FORM: Final = 60
"""No result of `normalise_phone` is longer: a column of this width holds every one."""

# RFC 1035: a domain name of more than 253 characters does not exist, so nothing is lost by not encoding it.
_MAXIMUM_DOMAIN: Final = 253
# Several times the longest real spelling; the parser is not asked about anything longer.
_MAXIMUM_PHONE_INPUT: Final = 128
_MAXIMUM_PARSED_NAME: Final = 200

# Numbers of the North American plan in their usual spellings, the bulk of most imports. For these the parser's answer
# is known beforehand: ten digits, none of whose leading ones can be a prefix.
_NORTH_AMERICAN: Final = re.compile(r"(\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([0-9]{3})[ .-]?([0-9]{4})", re.ASCII)
# RFC 5321: a local part has at most 64 characters.
_MAXIMUM_LOCAL: Final = 64
_PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*", re.ASCII)
_NO_DIGITS: Final = re.compile("[^0-9]+")
_NORTH_AMERICAN_REGIONS: Final = frozenset({"US", "CA"})

# Letters that Unicode does not decompose into a base letter and a mark, by the base letter people type instead.
_UNDECOMPOSED: Final = str.maketrans(
    {
        # Typographic apostrophes, quotation marks and dashes: keyboards have the plain ones.
        **dict.fromkeys("’‘ʼ′", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "æ": "ae",
        "ð": "d",
        "ø": "o",
        "þ": "th",
        "đ": "d",
        "ħ": "h",
        "ı": "i",
        "ł": "l",
        "ŋ": "n",
        "œ": "oe",
        "ŧ": "t",
        "ɖ": "d",
        "ƀ": "b",
        "ɓ": "b",
        "ɗ": "d",
        "ƙ": "k",
        "ƴ": "y",
        "ə": "e",
    }
)
_NAME_PUNCTUATION: Final = ",;\"'()[]“”‘’"


def normalise_email(value: str) -> str:
    """The form in which two spellings of one address are equal; '' for blank text.

    The local part is compared without case (Unicode caseless matching), the domain in its ASCII (IDNA 2008) form. Plus
    addresses and dots stay distinct: which of them share a mailbox only the provider knows. What is no address at all
    comes back trimmed and casefolded.
    """
    trimmed = value.strip()
    if trimmed.isascii():
        return trimmed.lower()
    local, at, domain = trimmed.rpartition("@")
    return _caseless(local) + at + _ascii_domain(domain)


def _caseless(text: str) -> str:
    # Canonical ordering is quadratic in a run of combining marks, and no address this long is accepted anywhere.
    if len(text) > MAXIMUM_EMAIL:
        return text.casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    if len(domain) <= _MAXIMUM_DOMAIN:
        try:
            return idna.encode(domain, uts46=True).decode("ascii").lower()
        except UnicodeError:  # IDNAError is one; lone surrogates raise the plain one
            pass
    return _caseless(domain)


def is_email(value: str) -> bool:
    """Whether the text is an address we accept: RFC 5321 syntax with a dotted domain, at most 254 characters.

    Internationalised addresses and reserved examples (`example.com`, `example.test`) pass. Quoted local parts, domain
    literals, display names, surrounding blanks and names that never carry mail (`.invalid`, `.local`, `.onion`) do not.
    Nothing is looked up.
    """
    if len(value) > MAXIMUM_EMAIL:
        return False
    local, _, domain = value.rpartition("@")
    # Nearly all addresses, whose local part has nothing to it and whose domain many others have too.
    if len(local) <= _MAXIMUM_LOCAL and _PLAIN_LOCAL.fullmatch(local) and len(domain) <= _MAXIMUM_DOMAIN:
        return _is_mail_domain(domain)
    return _is_address(value)


@lru_cache(maxsize=4_096)
def _is_mail_domain(domain: str) -> bool:
    return _is_address(f"a@{domain}")


def _is_address(value: str) -> bool:
    try:
        address = validate_email(value, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        return False
    # What makes `example.test` acceptable to the parser lets a bare `test` through as well.
    return "." in (address.ascii_domain or "")


def phone_digits(value: str) -> str:
    """The decimal digits of the text in their order, whatever the script, as ASCII."""
    if value.isascii():
        return _NO_DIGITS.sub("", value)
    return "".join(str(unicodedata.decimal(character)) for character in value if character.isdecimal())


def normalise_phone(value: str, region: str | None) -> str:
    """The form in which two spellings of one telephone are equal; '' when the text has no digit.

    E.164 when the number is possible to dial from abroad, read as international with a leading `+` and otherwise as
    national in `region` (ISO 3166, None when unknown); the bare digits when not, so a number that is only local, or too
    short, never pretends to be international. An extension follows as `;ext=12` (RFC 3966): two desks behind one
    switchboard are two numbers that share a prefix. At most `MAXIMUM_PHONE_FORM` characters. (DESIGN decision 3)
    """
    known = _north_american(value, region)
    if known:
        return known
    digits = phone_digits(value[: 2 * _MAXIMUM_PHONE_INPUT])
    if not digits:
        return ""
    return _international(value, region) or digits[:MAXIMUM_PHONE_FORM]


def _north_american(value: str, region: str | None) -> str:
    match = _NORTH_AMERICAN.fullmatch(value)
    if match is None:
        return ""
    prefix, area, exchange, line = match.groups()
    if (prefix is None or prefix[0] != "+") and region not in _NORTH_AMERICAN_REGIONS:
        return ""
    return f"+1{area}{exchange}{line}"


def _international(value: str, region: str | None) -> str:
    if len(value) > _MAXIMUM_PHONE_INPUT:
        return ""
    try:
        number = phonenumbers.parse(value, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return ""
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written};ext={number.extension}" if number.extension else written


def fold(value: str) -> str:
    """The text as search and sort keys compare it: no case, no accents, no invisible characters, single blanks.

    Idempotent. Letters without a Unicode decomposition become what people type for them: ø o, ł l, đ d, æ ae, ß ss.
    """
    if value.isascii():
        return " ".join(value.lower().split())
    # Marks go first: canonical ordering of a long run of them would take quadratic time.
    bare = unicodedata.normalize("NFKD", _without_marks(value))
    folded = unicodedata.normalize("NFKD", bare.casefold().translate(_UNDECOMPOSED))
    return " ".join(unicodedata.normalize("NFKC", _without_marks(folded)).split())


class _Marks(dict[int, int | None]):
    """By code point, what ``str.translate`` makes of it: nothing of combining and invisible characters. Learnt as it goes,
    as many as people write in; no text makes it grow for ever."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        is_mark = unicodedata.combining(character) or unicodedata.category(character) == "Cf"
        found = None if is_mark else code
        if len(self) < _MOST_MARKS:
            self[code] = found
        return found


_MOST_MARKS: Final = 10_000
_MARKS: Final = _Marks()


def _without_marks(text: str) -> str:
    return text.translate(_MARKS)


def search_text(parts: Iterable[str], phones: Iterable[str], forms: Iterable[str] = ()) -> str:
    """What free-text search looks through: `parts` and `phones` folded, each phone's digits, and those of `forms`.

    In that order, blank parts left out and words separated by single spaces. `forms` are the phones as
    `normalise_phone` has them; only digits that the rest does not hold already are added. (DESIGN section 4)
    """
    numbers = list(phones)
    texts = [fold(text) for text in (*parts, *numbers)]
    texts += [phone_digits(number) for number in numbers]
    text = " ".join(text for text in texts if text)
    added = dict.fromkeys(digits for form in forms if (digits := phone_digits(form)) not in text)
    return " ".join([text, *added]) if text else " ".join(added)


def split_name(full_name: str, *, is_company: bool = False) -> tuple[str, str]:
    """A person's name as (first, last) for the wires that want two parts; every word of it is in one of them.

    One word is a first name and two words split between them. Longer names, and those written `Last, First`, go to
    `nameparser`: titles and middle names stay with the first part, particles and suffixes with the last. Where it
    finds no last name, or would lose a word, the split is before the last word. Without a comma the words keep their
    order, so `join_name(*split_name(name))` is the name with single blanks. A company has neither part: its name is
    `company_name`, which the caller keeps. (DESIGN decision 5)
    """
    words = full_name.split()
    if is_company or not words:
        return "", ""
    if len(words) == 1:
        return words[0], ""
    if "," in full_name:
        return _split_inverted(words) or _split_before(words, len(words) - 1)
    return _split_before(words, 1 if len(words) == 2 else _start_of_last_name(words))


def _split_before(words: list[str], index: int) -> tuple[str, str]:
    return " ".join(words[:index]), " ".join(words[index:])


def _parsed(words: list[str]) -> HumanName | None:
    name = " ".join(words)
    return HumanName(name) if len(name) <= _MAXIMUM_PARSED_NAME else None


def _start_of_last_name(words: list[str]) -> int:
    parsed = _parsed(words)
    last = parsed.last.split() if parsed else []
    for index in range(len(words) - len(last), 0, -1):
        if last and words[index : index + len(last)] == last:
            return index
    return len(words) - 1


def _split_inverted(words: list[str]) -> tuple[str, str] | None:
    parsed = _parsed(words)
    if parsed is None or not parsed.last:
        return None
    nickname = f"({parsed.nickname})" if parsed.nickname else ""
    first = join_name(parsed.title, parsed.first, parsed.middle, nickname)
    last = join_name(parsed.last, parsed.suffix)
    return (first, last) if _bare_words([first, last]) == _bare_words(words) else None


def _bare_words(texts: list[str]) -> Counter[str]:
    words = (word.strip(_NAME_PUNCTUATION) for text in texts for word in text.replace(",", " ").split())
    return Counter(word for word in words if word)


def join_name(first: str, last: str, *more: str) -> str:
    """The parts as one name: trimmed, blank ones left out, separated by single blanks."""
    return " ".join(" ".join((first, last, *more)).split())
