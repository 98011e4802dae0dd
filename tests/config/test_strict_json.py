import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.wires.strict_json import MAXIMUM_BODY, MalformedJSON, parse, write

storable_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
# Within the 30 digits of a number, and by the number of leaves within the depth.
plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30) + 1, 10**30 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable_text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(storable_text, inner, max_size=5),
    max_leaves=15,
)


@given(plain_data, st.booleans(), st.sampled_from([None, 1, "\t", "\r\n "]))
def test_what_json_can_write_is_read_as_it_was(value: Any, ascii_only: bool, indent: Any) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()) == value


@given(plain_data)
def test_what_was_read_is_written_as_it_was(value: Any) -> None:
    written = write(value)
    assert parse(written) == value
    assert repr(parse(written)) == repr(value)


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0123dDeE+-.truefalsn \n', max_size=60).map(str.encode))
def test_any_body_is_read_as_json_does_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except MalformedJSON:
        return
    assert value == json.loads(body.decode())


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b' \t\r\n"x" ', "x"),
        (b"-0", 0),
        (b"[-0.0]", [-0.0]),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"-123456789012345678901234567890", -123456789012345678901234567890),
        (b"0.12345678901234567890123456789", 0.12345678901234567890123456789),
        (b"1E+22", 1e22),
        (b"1e-400", 0.0),
        (b'{"":0}', {"": 0}),
        (b'{"a":{"a":1},"b":{"a":1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        (rb'"\u0041\/\b\f\n\r\t\"\\"', 'A/\b\f\n\r\t"\\'),
        (rb'"\\u0000"', "\\u0000"),
        (rb'"\\\\u0000"', "\\\\u0000"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\uD83D\uDE00\uD83D\uDE00"', "😀😀"),
        (rb'"\uFFFE\uFFFF"', "\ufffe\uffff"),
        ('"\u2028\x7f\U0010ffff\u202e"'.encode(), "\u2028\x7f\U0010ffff\u202e"),
        (b'"' + b"[{" * 1000 + b'"', "[{" * 1000),
        (rb'"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', '"' + "[" * 41),
        (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
        (b'{"a":' * 32 + b"1" + b"}" * 32, json.loads('{"a":' * 32 + "1" + "}" * 32)),
        (json.dumps({str(n): n for n in range(1000)}).encode(), {str(n): n for n in range(1000)}),
        (b"[" + b"0," * 100_000 + b"0]", [0] * 100_001),
        (b"[" + b"[]," * 100_000 + b"{}]", [[]] * 100_000 + [{}]),
    ],
    ids=lambda case: repr(case)[:40],
)
def test_json_within_the_limits_is_read(body: bytes, value: Any) -> None:
    assert parse(body) == value


SYNTAX_ERRORS = [
    b"",
    b" ",
    b"[1,]",
    b"[1 2]",
    b"[,1]",
    b"[1,,2]",
    b"[1",
    b"1]",
    b"[1]]",
    b"[1]x",
    b"{}{}",
    b"{} //",
    b"/**/{}",
    b"{} # comment",
    b'{"a":1,}',
    b'{"a" 1}',
    b'{"a"}',
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b'{"a":1 "b":2}',
    b'{"a":::1}',
    b"{[]:1}",
    b"tru",
    b"True",
    b"nul",
    b"None",
    b"01",
    b"-01",
    b"-",
    b"--1",
    b"+1",
    b".5",
    b"-.5",
    b"1.",
    b"1.e1",
    b"1e",
    b"1e+",
    b"0x1",
    b"1_000",
    b"1,000",
    b"Inf",
    b"-NaNs",
    b'"',
    b'"abc',
    b'"\\',
    b'"\\"',
    b'"a\\x41"',
    b'"\\u00"',
    b'"\\u00g0"',
    b'"\\u 123"',
    b'"\\U0041"',
    b"'a'",
    b'"a\nb"',
    b'"a\tb"',
    b'"a\x00b"',
    b'"a\x1fb"',
    b"[1]\x00",
    b"[1]\x0c",
    b"\x0b1",
    b"\xc2\xa01",
    b"\xe2\x81\xa01",
    "１".encode(),
    "“a”".encode(),
    b"\xef\xbb\xbf{}",
    '{"a":1}'.encode("utf-16-le"),
    '{"a":1}'.encode("utf-32-be"),
    b"\\[[[[",
    b'\\"[[[[',
    b"]" * 100,
    b"]" * 100 + b"[" * 20,
    b"a" * MAXIMUM_BODY,
    b'"' + rb"\"" * 500_000,
    b'"' + b"a" * 1_000_000,
    b'"\\' * 300_000,
]


@pytest.mark.parametrize("body", SYNTAX_ERRORS, ids=lambda body: repr(body)[:40])
def test_what_is_no_json_is_refused_with_the_place(body: bytes) -> None:
    with pytest.raises(MalformedJSON) as refusal:
        parse(body)
    assert refusal.value.reason.startswith("Syntax error at line ")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe{\x00}\x00", "The body is not valid UTF-8"),
        ('{"a":1}'.encode("utf-16"), "The body is not valid UTF-8"),
        (b'"\xff"', "The body is not valid UTF-8"),
        (b'"\xc0\xaf"', "The body is not valid UTF-8"),
        (b'"\xed\xa0\x80"', "The body is not valid UTF-8"),
        (b'"\xf4\x90\x80\x80"', "The body is not valid UTF-8"),
        (b'"\xe2\x82"', "The body is not valid UTF-8"),
        (b"NaN", "NaN is not a JSON value"),
        (b"[Infinity]", "Infinity is not a JSON value"),
        (b'{"a":-Infinity}', "-Infinity is not a JSON value"),
        (b"1e400", "A number is too large"),
        (b"-1e400", "A number is too large"),
        (b"1" + b"0" * 30, "A number has more than 30 digits"),
        (b"-" + b"1" * 31, "A number has more than 30 digits"),
        (b"0." + b"1" * 30, "A number has more than 30 digits"),
        (b"1e" + b"0" * 30, "A number has more than 30 digits"),
        (b"1" * 4_301, "A number has more than 30 digits"),
        (b"1" * 1_000_000, "A number has more than 30 digits"),
        (b"1." + b"1" * 1_000_000, "A number has more than 30 digits"),
        (b'{"a":1,"a":1}', "An object gives one name twice"),
        (rb'{"a":1,"\u0061":1}', "An object gives one name twice"),
        (b'[{"b":{"a":1,"c":2,"a":1}}]', "An object gives one name twice"),
        (rb'"\u0000"', "A string holds the character NUL"),
        (rb'{"\u0000":1}', "A string holds the character NUL"),
        (rb'"\\\u0000"', "A string holds the character NUL"),
        (rb'"\ud800"', "A string holds half of a surrogate pair"),
        (rb'"\uDFFF"', "A string holds half of a surrogate pair"),
        (rb'{"\uDFFF":1}', "A string holds half of a surrogate pair"),
        (rb'"\ude00\ud83d"', "A string holds half of a surrogate pair"),
        (rb'"\ud83d\ud83d\ude00"', "A string holds half of a surrogate pair"),
        (rb'"\ud83d\ude00\ude00"', "A string holds half of a surrogate pair"),
        (rb'"\ud83d\\\ude00"', "A string holds half of a surrogate pair"),
        (rb'"\ud83d\\ude00"', "A string holds half of a surrogate pair"),
        (rb'"\ud83dx\ude00"', "A string holds half of a surrogate pair"),
        (rb'["\ud83d","\ude00"]', "A string holds half of a surrogate pair"),
        (b"[" * 33 + b"]" * 33, "Nested more than 32 levels deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "Nested more than 32 levels deep"),
        (b'[{"a":' * 17 + b"1" + b"}]" * 17, "Nested more than 32 levels deep"),
        (b"[" * 100_000, "Nested more than 32 levels deep"),
        (b'{"":' * 250_000, "Nested more than 32 levels deep"),
        (b'[{"":' * 200_000, "Nested more than 32 levels deep"),
        (json.dumps({str(n): n for n in range(1001)}).encode(), "More than 1,000 names"),
        (json.dumps([{"a": 1}] * 1001).encode(), "More than 1,000 names"),
        (b"{" + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}", "More than 1,000 names"),
    ],
    ids=lambda case: repr(case)[:40],
)
def test_json_beyond_the_limits_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedJSON) as refusal:
        parse(body)
    assert refusal.value.reason == str(refusal.value) == reason


def test_a_refusal_is_a_value_error_that_quotes_nothing_of_the_body() -> None:
    with pytest.raises(ValueError, match="Syntax error") as refusal:
        parse(b'{"password": hunter2}')
    assert "hunter2" not in str(refusal.value)


@given(st.integers(1, 60), st.integers(1, 60), storable_text)
def test_depth_is_counted_where_strings_do_not_hide_or_feign_it(opened: int, inside: int, text: str) -> None:
    string = json.dumps(text + "[" * inside + '"' + "]" * inside)
    body = ("[" * opened + string + "]" * opened).encode()
    if opened > 32:
        with pytest.raises(MalformedJSON, match="levels deep"):
            parse(body)
    else:
        assert parse(body) == json.loads(body)


@given(st.lists(st.sampled_from(["\\\\", "\\ud83d", "\\ude00", "\\u0000", "\\n", "u0000", "ud83d", "x", '\\"'])))
def test_text_is_refused_exactly_when_no_database_could_store_it(pieces: list[str]) -> None:
    body = f'["{"".join(pieces)}"]'.encode()
    text = json.loads(body)[0]
    storable = "\x00" not in text and text == text.encode("utf-8", "replace").decode()
    try:
        assert parse(body) == [text]
        assert storable
    except MalformedJSON:
        assert not storable


def test_a_negative_zero_keeps_its_sign() -> None:
    assert math.copysign(1, parse(b"-0.0")) == -1
