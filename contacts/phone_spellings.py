"""Under which comparison forms one telephone may be stored.

``normalise_phone`` finds the E.164 form of what is written internationally, or nationally in the organization's region.
People also write ``44 7700 900123``, the prefix their own country dials abroad with, or a number as it is dialled at home
in a country that is not the organization's; of those only the digits are stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import phonenumbers

from contacts.normalise import normalise_phone

# Dialled before a country's code nearly everywhere, and in North America.
_DIALLED_ABROAD: Final = ("00", "011")


class PhoneSpellings(NamedTuple):
    """``same`` are forms of this telephone and of no other; ``alike`` may be this one's, and somebody else's in another country."""

    same: frozenset[str]
    alike: frozenset[str]


def phone_spellings(form: str, region: str, reached: str = "") -> PhoneSpellings:
    """The forms under which a telephone may be stored in an organization of a region, the given form among them.

    ``form`` is what ``normalise_phone`` made of it; ``reached`` the organization's own number its owner called or wrote to.
    A number without its country counts as the same only where its country is the region's or that number's. Whatever the
    region, or the whole world, reads as another telephone is no form of this one.
    """
    if not form.startswith("+") or ";" in form:
        return PhoneSpellings(frozenset({form}), frozenset())
    number = phonenumbers.parse(form)
    country, national = number.country_code or 0, phonenumbers.national_significant_number(number)
    trunk = _trunk_prefix(country)
    same = {form, *_unmistakable(_international(str(country), national, trunk), form, region)}
    if country in _home_countries(region, reached):
        dialled = [digits for digits in {trunk + national, national} if _is_domestic(digits, form, region)]
        return PhoneSpellings(frozenset({*same, *_unmistakable(dialled, form, region)}), frozenset())
    # Without a trunk prefix most digits are a number in many countries.
    alike = _unmistakable([trunk + national] if trunk else [], form, region)
    return PhoneSpellings(frozenset(same), frozenset({*alike} - same))


def _international(code: str, national: str, trunk: str) -> list[str]:
    # "+44 (0)20 ..." is how people write both at once.
    whole = [code + national, *([f"{code}0{national}"] if trunk == "0" else [])]
    return [*whole, *(prefix + digits for prefix in _DIALLED_ABROAD for digits in whole)]


def _unmistakable(spellings: Iterable[str], form: str, region: str) -> list[str]:
    """As what the spellings are stored that are read as this telephone or, whole in neither reading, as none."""
    return [
        stored
        for digits in spellings
        if normalise_phone(f"+{digits}", None) in (form, digits)
        and (stored := _stored(digits, normalise_phone(digits, region), form))
    ]


def _stored(digits: str, read: str, form: str) -> str:
    # No number of North America begins with 0 or 1, though its length is right: ten digits as France dials them.
    return read if read.startswith(("+10", "+11")) else digits if read in (form, digits) else ""


def _is_domestic(digits: str, form: str, region: str) -> bool:
    """Not what somebody else would dial from abroad: 0114 is Sheffield, and 011 4 is how North America begins Europe."""
    return not digits.startswith(_DIALLED_ABROAD) or normalise_phone(digits, region) == form


def _home_countries(region: str, reached: str) -> set[int]:
    own = normalise_phone(reached, region)
    countries = {phonenumbers.country_code_for_region(region)}
    return countries | {phonenumbers.parse(own).country_code or 0} if own.startswith("+") else countries


def _trunk_prefix(country_code: int) -> str:
    """What is dialled before a number inside its country: 0 in most, 8 or 06 in some, nothing in others."""
    region = phonenumbers.region_code_for_country_code(country_code)
    return phonenumbers.ndd_prefix_for_region(region, True) or ""
