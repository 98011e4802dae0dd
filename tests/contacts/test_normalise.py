from collections import Counter

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.normalise import (
    MAXIMUM_PHONE_FORM,
    fold,
    is_email,
    join_name,
    normalise_email,
    normalise_phone,
    phone_digits,
    search_text,
    split_name,
)

# Everything str can hold, lone surrogates included: what a broken client or file may hand over.
any_text = st.text(st.characters())
name_words = st.text(st.characters(exclude_categories=["Z", "Cc", "Cs"]), min_size=1, max_size=12)
typical_words = st.sampled_from(
    ["Dr.", "Mr", "and", "Mrs.", "Juan", "Q.", "de", "la", "Vega", "III", "Jr.", "(Jack)", '"Jack"', "van", "Smith"]
    + ["O'Brien", "García-López", "PhD", "née", "Doe,", "Jr.,", "王小明", "y", "bin", "J.R.R.", "Esq", "St.", "MD,"]
)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("", ""),
        ("  \t", ""),
        (" John.Doe@Example.COM ", "john.doe@example.com"),
        ("info@bücher.de", "info@xn--bcher-kva.de"),
        ("INFO@BÜCHER.DE", "info@xn--bcher-kva.de"),
        ("info@XN--BCHER-KVA.de", "info@xn--bcher-kva.de"),
        ("info@bu\u0308cher.de", "info@xn--bcher-kva.de"),
        ("info@straße.de", "info@xn--strae-oqa.de"),
        ("info@ｅｘａｍｐｌｅ。com", "info@example.com"),
        ("JOSÉ@example.com", "josé@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ΑΣ@example.com", "ασ@example.com"),
        ("j+tag@example.com", "j+tag@example.com"),
        ("not an address", "not an address"),
        ("É@not a domain é", "é@not a domain é"),
        ("x@ü" + "ü" * 300, "x@ü" + "ü" * 300),
    ],
)
def test_spellings_of_one_address_have_one_form(written: str, form: str) -> None:
    assert normalise_email(written) == form


@given(any_text)
def test_the_form_of_an_address_is_its_own_form(text: str) -> None:
    assert normalise_email(normalise_email(text)) == normalise_email(text)


@given(st.builds("{}@{}".format, any_text, any_text))
def test_the_form_of_anything_with_an_at_sign_is_its_own_form(text: str) -> None:
    assert normalise_email(normalise_email(text)) == normalise_email(text)


@pytest.mark.parametrize(
    "address",
    [
        "john.doe@example.com",
        "a@test.com",
        "a@example.test",
        "first.last+tag@sub.example.co.uk",
        "o'brien@example.ie",
        "josé@bücher.de",
        "用户@例子.广告",
        "info@xn--bcher-kva.de",
        "x" * 64 + "@" + "d" * 63 + "." + "d" * 63 + "." + "d" * 61,
    ],
)
def test_an_ordinary_address_is_accepted(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "@example.com",
        "a@",
        "a@b",
        "a@localhost",
        "a@test",
        "a@office.invalid",
        "a@@example.com",
        "a b@example.com",
        " a@example.com",
        "a@example.com ",
        "a@example..com",
        "a@.example.com",
        "a@-example.com",
        ".a@example.com",
        "a..b@example.com",
        '"a b"@example.com',
        "a@[127.0.0.1]",
        "Ann <a@example.com>",
        "a@example.com,b@example.com",
        "a@example.com\n",
        "a\x00@example.com",
        "a\ud800@example.com",
        "a@exa\ud800mple.com",
        "x" * 65 + "@example.com",
        "x" * 64 + "@" + "d" * 63 + "." + "d" * 63 + "." + "d" * 62,
        "a@" + "a." * 100_000 + "com",
        "@" * 100_000,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not is_email(text)


@given(st.one_of(any_text, st.builds("{}@{}".format, any_text, any_text)))
def test_any_text_is_judged_an_address_or_not(text: str) -> None:
    assert is_email(text) in (True, False)


@pytest.mark.parametrize(
    ("written", "region", "form"),
    [
        ("", "US", ""),
        ("call me", "US", ""),
        ("FLOWERS", "US", ""),
        ("+1-555-123-4567", "US", "+15551234567"),
        ("+1-555-123-4567", None, "+15551234567"),
        ("+1-555-123-4567", "GR", "+15551234567"),
        ("+15551234567", None, "+15551234567"),
        ("(555) 123-4567", "US", "+15551234567"),
        ("555.123.4567", "CA", "+15551234567"),
        ("1 555 123 4567", "US", "+15551234567"),
        ("555-123-4567", None, "5551234567"),
        ("tel:+1-555-123-4567", None, "+15551234567"),
        ("555-1234", "US", "5551234"),
        ("112", "GR", "112"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", "GR", "+442079460958"),
        ("2101234567", "GR", "+302101234567"),
        ("210 123 4567", "gr", "+302101234567"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("+1 555 123 4567 ext. 12", "US", "+15551234567;ext=12"),
        ("+1 555 123 4567 x13", "US", "+15551234567;ext=13"),
        ("+15551234567;ext=12", None, "+15551234567;ext=12"),
        ("\uff0b\uff11 555 123 4567", None, "+15551234567"),
        ("+٣٠٢١٠١٢٣٤٥٦٧", None, "+302101234567"),
        ("1234567890", None, "1234567890"),
        ("5551234567", "nowhere", "5551234567"),
        ("+999 555 123", "US", "999555123"),
        ("5" * 1_000_000, "US", "5" * MAXIMUM_PHONE_FORM),
    ],
)
def test_spellings_of_one_phone_have_one_form(written: str, region: str | None, form: str) -> None:
    assert normalise_phone(written, region) == form


def by_the_parser(written: str, region: str | None) -> str:
    number = phonenumbers.parse(written, region)
    assert phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(
    st.sampled_from(["", "+1", "+1 ", "1", "1-", "+1."]),
    st.integers(2_000_000_000, 9_999_999_999).map(str),
    st.sampled_from(["{}{}{}", "({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "({}){} {}"]),
    st.sampled_from(["US", "CA"]),
)
def test_the_short_cut_for_north_america_agrees_with_the_parser(
    prefix: str, digits: str, layout: str, region: str
) -> None:
    written = prefix + layout.format(digits[:3], digits[3:6], digits[6:])
    assert normalise_phone(written, region) == by_the_parser(written, region) == "+1" + digits


@given(
    any_text | st.text("+0123456789 ()-.x;ext=/", max_size=60), st.sampled_from([None, "US", "GB", "GR", "IT", "ZZ"])
)
def test_any_phone_has_a_short_form_of_digits(text: str, region: str | None) -> None:
    form = normalise_phone(text, region)
    assert len(form) <= MAXIMUM_PHONE_FORM
    assert bool(form) == bool(phone_digits(text))
    assert set(form) <= set("+0123456789;ext=")
    if form.startswith("+"):
        assert normalise_phone(form, region) == form


def test_every_example_number_has_one_form_in_all_its_spellings() -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        assert number is not None
        written = {
            normalise_phone(phonenumbers.format_number(number, layout), region)
            for layout in (
                phonenumbers.PhoneNumberFormat.E164,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.NATIONAL,
                phonenumbers.PhoneNumberFormat.RFC3966,
            )
        }
        assert written == {phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)}, region


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("O’Grady", "o'grady"),
        ("Jean‐Luc – “Lu”", 'jean-luc - "lu"'),
        ("  José   GARCÍA\t", "jose garcia"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Søren Łukasz Đorđe", "soren lukasz dorde"),
        ("Ægir Þór Œuvre", "aegir thor oeuvre"),
        ("İstanbul Irmak ılgaz", "istanbul irmak ilgaz"),
        ("Νίκος ΝΊΚΟΣ", "νικοσ νικοσ"),
        ("Ａｎｎ", "ann"),
        ("김철수", "김철수"),
        ("A\u200bnn\u00ad", "ann"),
        ("A\u00a0B", "a b"),
        ("", ""),
    ],
)
def test_case_accents_and_blanks_do_not_matter_in_folded_text(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(any_text)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_million_combining_marks_fold_at_once() -> None:
    assert fold("a" + "\u0301\u0323" * 500_000) == "a"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("", ("", "")),
        ("Madonna", ("Madonna", "")),
        ("Jane Smith", ("Jane", "Smith")),
        ("  Jane \t Smith ", ("Jane", "Smith")),
        ("Dr. Smith", ("Dr.", "Smith")),
        ("Doe, John", ("John", "Doe")),
        ("Mary Jane Watson", ("Mary Jane", "Watson")),
        ("Dr. Juan Q. Xavier de la Vega III", ("Dr. Juan Q. Xavier", "de la Vega III")),
        ("John (Jack) Smith", ("John (Jack)", "Smith")),
        ("Smith, Dr. John Q., Jr.", ("Dr. John Q.", "Smith Jr.")),
        ("Mr. and Mrs. Smith", ("Mr. and Mrs.", "Smith")),
        ("John 😀 Smith", ("John 😀", "Smith")),
        ("van der Berg, Anna (Annie)", ("Anna (Annie)", "van der Berg")),
    ],
)
def test_a_name_splits_where_a_reader_would(written: str, parts: tuple[str, str]) -> None:
    assert split_name(written) == parts


def test_a_company_has_neither_a_first_nor_a_last_name() -> None:
    assert split_name("Smith & Co LLC", is_company=True) == ("", "")


def bare_words(text: str) -> Counter[str]:
    words = (word.strip(",;\"'()[]“”‘’") for word in text.replace(",", " ").split())
    return Counter(word for word in words if word)


@given(st.lists(name_words | typical_words, max_size=7).map(" ".join))
def test_no_word_of_a_name_is_lost(name: str) -> None:
    assert bare_words(join_name(*split_name(name))) == bare_words(name)


@given(st.lists((name_words | typical_words).map(lambda word: word.replace(",", "")), max_size=7).map(" ".join))
def test_a_name_without_a_comma_joins_again_as_it_was(name: str) -> None:
    assert join_name(*split_name(name)) == " ".join(name.split())


@given(any_text)
def test_any_text_splits_into_two_parts(text: str) -> None:
    first, last = split_name(text)
    assert bare_words(f"{first} {last}") == bare_words(text)


def test_search_text_holds_names_addresses_and_phones_in_both_spellings() -> None:
    text = search_text(
        ["José", "", " García  López ", "Acme Straße", "Jose@Example.com"], ["+1-555-123-4567", "", "5559876543"]
    )
    assert text == ("jose garcia lopez acme strasse jose@example.com +1-555-123-4567 5559876543 15551234567 5559876543")


@given(st.lists(any_text), st.lists(any_text))
def test_words_of_search_text_are_separated_by_single_blanks(parts: list[str], phones: list[str]) -> None:
    text = search_text(parts, phones)
    assert text == " ".join(text.split())


@pytest.mark.parametrize(
    "pump", ["1", "+", "(", "1-", "x1", "ext ", ";ext=1", "\u0301", " ", "a@", "é.", "xn--é.", ", "]
)
def test_a_megabyte_of_anything_is_digested(pump: str) -> None:
    # Not timed: a quadratic step anywhere would keep this from ending.
    text = pump * (1_000_000 // len(pump))
    assert not is_email(text)
    assert len(normalise_phone(text, "US")) <= MAXIMUM_PHONE_FORM
    assert normalise_email(text) == normalise_email(normalise_email(text))
    assert fold(text) == fold(fold(text))
    assert bare_words(join_name(*split_name(text))) == bare_words(text)
