"""What no honest client sends: texts, JSON bodies, queries and ids that break careless servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# Texts for every text field: at most 40 code points, so that each field has room for them.
NAUGHTY_STRINGS: tuple[str, ...] = (
    # Words that mean something to some language.
    "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "true", "false", "True", "None", "hasOwnProperty",
    "then", "constructor", "__proto__", "\\", "\\\\", "0", "1", "-1", "1.00", "$1.00", "1/2", "1E2", "1e1000",
    "-1E+02",
    "0x0", "0xffffffff", "0b1", "0o17", "NaN", "Infinity", "-Infinity", "INF", "1#INF", "-", "--", "+", "++1",
    "1,000,000.00", "1'000'000,00", "９９９", "٠١٢٣٤٥", "१२३", "Ⅷ", "½", "2147483648", "9223372036854775808", "007",
    # Punctuation.
    ",./;'[]\\-=", "<>?:\"{}|_+", "!@#$%^&*()`~", "'", '"', "''", '""', "'\"'", "`", "%", "_", "%_%", "*", "&",
    "&amp;",
    "&#0;", "%00", "%0d%0a", "%2500", "\\0", "\\x00", "\\u0000", "\\ud800", "?", "#", ";", ":", "|", "a,b", "a:b",
    # SQL.
    "1;DROP TABLE contacts_contact", "' OR 1=1 --", "'; DELETE FROM x; --", "1' OR '1'='1", "' UNION SELECT NULL--",
    "\"; SELECT pg_sleep(9); --", "$$;$$", "E'\\000'", "' || 'x", "admin'--", "/* */", "\\'; --", "current_user",
    # HTML and scripts.
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><script>", "javascript:alert(1)",
    "<svg/onload=a>",
    "<!--", "]]>", "<![CDATA[", "</title>", "<a href=\"data:text/html,x\">", "&lt;script&gt;", "<<b>>", "<b>bold</b>",
    # Templates, formats, shells, paths, spreadsheets.
    "{{7*7}}", "{% debug %}", "${7*7}", "#{7*7}", "<%= 7 %>", "%s%s%s%n", "%(name)s", "{0}", "{0.__class__}", "{}",
    "{",
    "%d", "$HOME", "$(touch /tmp/x)", "`id`", "; ls -la", "| cat", "../../../etc/passwd", "..\\..\\boot.ini",
    "file:///etc/passwd", "C:\\con\\con", "CON", "LPT1", "=1+1", "=cmd|'/C calc'!A0", "@SUM(1)", "+1-555", "-1+1",
    # Scripts and directions.
    "田中さんにあげて下さい", "사회과학원", "Ṱ̺̺̕o͞ ̷i̲̬n̟v̹o̶k̡e", "الكل في المجمو عة", "הָיְתָהtest", "ﷺ", "ﷲ", "Ω≈ç√∫˜µ≤≥÷",
    "åß∂ƒ©˙∆˚¬…æ", "œ∑´®†¥¨ˆøπ“‘", "¡™£¢∞§¶•ªº–≠", "Ё Ђ Ѓ Є Ѕ І", "⁰⁴⁵ ₀₁₂", "Straße ß ẞ ŉ ǰ", "İstanbul ıI", "ΣΑΣ ς",
    "ﬁ ﬂ ﬃ Ǆ ǅ", "K Å Ω", "Nguyễn Thị Ánh", "Ægir Ðórr Þór", "O’Brien-Smith Jr.", "d'Arc", "𝕳𝖊𝖑𝖑𝖔", "Ｆｕｌｌ",
    "\u202etest\u202c", "\u2066a\u2069", "\u200f\u200fabc", "a\u200bb", "a\u200cb\u200dc", "\u2060a", "a\u00adb",
    "\ufeffa",
    "\u180ea", "a\u2028b", "a\u2029b", "\u0085a", "a\u00a0b", "a\u3000b", "\ufff9a\ufffab\ufffb",
    # Emoji and planes.
    "😀😁😂", "👩‍👩‍👧‍👦", "👩🏽‍💻", "🇺🇸🇩🇪🇯", "🏴\U000e0067\U000e0062\U000e0065\U000e007f", "1️⃣", "❤️",
    "\U0001f3f3\ufe0f\u200d🌈", "\U00020000",
    "\U0010fffd", "\ue000", "\ufffd", "\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\U0010ffff",
    # Control characters and combining marks.
    "a\x01b", "a\x08b", "a\x0bb", "a\x0cb", "a\x1bb[31m", "a\x1fb", "a\x7fb", "a\x80b", "a\x9fb", "a\tb", "a\nb",
    "a\r\nb",
    "\x01", "\x7f", "e" + "\u0301" * 30, "\u0301", "Z̡͉̯a̤l̟g̲o̺", "a\u034fb", "\u1160", "\u3164", "\u2800",
    # Blank, to different people.
    "", " ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028", "\x1c\x1d\x1e\x1f",
    " a ", "\u3000a\u3000",
)  # fmt: skip


_NUMBERS = (
    "0", "-0", "-0.0", "1", "-1", "1.0", "1e0", "1E+2", "1e-2", "1e400", "-1e400", "1e-400", "5e-324",
    "1.7976931348623157e308", "123456789012345678901234567890", "1234567890123456789012345678901",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "2147483648", "32768", "0.1",
    "0.30000000000000004", "1000000000000000", "1000000000000001", "01", "00", "-01", "1.", ".5", "1e", "1e+",
    "+1", "0x10", "0b1", "1_000", "-", "--1", "++1", "NaN", "-NaN", "Infinity", "-Infinity", "nan", "inf", "1/2",
    "1,5", "１", "٣",
)  # fmt: skip


def naughty_numbers() -> Iterator[bytes]:
    """Raw JSON texts where a number might stand."""
    for text in _NUMBERS:
        yield text.encode()
    yield b"9" * 4_301
    yield b"-" + b"9" * 100_000
    yield b"0." + b"3" * 5_000
    yield b"1e" + b"9" * 5_000


def naughty_values() -> Iterator[bytes]:
    """Raw JSON texts of values, well-formed and not, that are no numbers."""
    yield from (
        b"null", b"true", b"false", b"nul", b"True", b"tru", b"None", b"undefined", b"''", b"'a'", b"a", b'"', b'"a',
        b'"\\"', b'"\\', b'"\\a"', b'"\\x00"', b'"\\u"', b'"\\u00"', b'"\\u12g4"', b'"\\U0001F600"', b'"\\u0000"',
        b'"a\\u0000b"',
        b'"\\\\u0000"', b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"',
        b'"\\uD83D\\uDE00"',
        b'"\\ud800x"', b'"\\ud800\\u0041"', b'"\\uFFFE"', b'"\\uFFFF"', b'"\\uFEFF"', b'"\\u202e"', b'"\\u007f"',
        b'"\\u0001"',
        b'"\\b\\f\\n\\r\\t\\/"', b'"\x00"', b'"\x01"', b'"\x1f"', b'"\n"', b'"\t"', b'"\x7f"', b'"\xff"',
        b'"\xc3\x28"',
        b'"\xa0\xa1"', b'"\xe2\x28\xa1"', b'"\xe2\x82"', b'"\xf0\x28\x8c\x28"', b'"\xf8\xa1\xa1\xa1\xa1"',
        b'"\xc0\xaf"',
        b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xf4\x90\x80\x80"', b'"\xf4\x8f\xbf\xbf"',
        b'"\xef\xbf\xbe"',
        b'"\xef\xbb\xbf"', b"[]", b"{}", b"[", b"]", b"{", b"}", b"[}", b"{]", b"[,]", b"[1,]", b"[,1]", b"[1 2]",
        b"[1,,2]",
        b'["a" "b"]', b"[[]", b"[]]", b"{,}", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{"a" 1}', b'{:1}', b"{1:1}",
        b"{a:1}",
        b"{'a':1}", b'{"a":1 "b":2}', b'{"a":1,"a":2}', b'{"a":{"b":1,"b":2}}', b'[{"a":1,"a":1}]',
        b'{"a":1,"\\u0061":2}',
        b'{"":1}', b'{"":1,"":2}', b'{"\\ud800":1}', b'{"\\u0000":1}', b'{"a":/**/1}', b"/**/[]", b"[]//", b"[] #",
        b"[]x", b"[] []",
        b"{}{}", b"[1]\x00", b"\x00[]", b"\x0c[]", b"\xc2\xa0[]", b"[\xc2\xa01]", b"\xef\xbb\xbf[]",
        b"\xe2\x80\xa8[]",
        b"<xml/>", b"a=b&c=d", b"--boundary", b"!!python/object:os.system", b"cos\nsystem\n(S'id'\ntR.",
        b"\x1f\x8b\x08\x00",
        b"*" * 100, b'["' + b"x" * 300_000 + b'"]', b'"' + b"y" * 300_000 + b'"', b'"' + b"\\u0041" * 50_000 + b'"',
        b'"' + b"\\" * 99_999 + b'"', b'"' + b"\\" * 100_000 + b'"', b'"' + "\u0301".encode() * 100_000 + b'"',
        b"[" + b"1," * 200_000 + b"1]", b"[" + b"{}," * 100_000 + b"{}]", b" " * 500_000 + b"1",
        b"[" + b"\n" * 500_000 + b"]",
        b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(999)) + b"}",
        b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(1_001)) + b"}",
    )  # fmt: skip
    for depth in (2, 31, 32, 33, 100, 1_000, 10_000, 100_000):
        yield b"[" * depth + b"]" * depth
        yield b'{"a":' * depth + b"1" + b"}" * depth
        yield b"[" * depth
        yield b'[{"a":' * depth


def whole_bodies(good: str = '{"firstName":"A","lastName":"B","email":"a@example.com"}') -> Iterator[bytes]:
    """Bodies that are hostile as a whole: ``good``, an acceptable one, in other encodings or with something around it.

    Its last-but-one text is ``B``.
    """
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "cp037"):
        yield good.encode(encoding)
    body = good.encode()
    yield body[:-1]
    yield body + b"}"
    yield body + b"\x00"
    yield b"\x00" + body
    yield body + body
    yield b"[" + body + b"]"
    yield body.replace(b'"B"', b'"B","email":"b@example.com"')
    yield body.replace(b'"B"', b'"B","\\u0065mail":"b@example.com"')
    yield body.replace(b":", b"=")
    yield body.replace(b'"', b"'")
    yield b"firstName=A&name=A&lastName=B&email=a%40example.com"
    yield b""
    yield b" "
    yield b"\n\n"


# Ids of the kinds clients try (RELIABILITY 2A); none of them is a contact's.
ID_FORMS: tuple[str, ...] = (
    "0", "1", "+7", "007", "7.0", "-1", "2147483648", "9223372036854775808", "18446744073709551616", "９", "٣", "null",
    "undefined", "None", "true", "*", "%", "_", "%25", "..", ".", "...", "~", "contact_", "_", "contact",
    "contact_123 ",
    " contact_123", "contact_123\x00", "\x00", "contact_123;x", "contact_123.json", "contact_123?", "contact_123#",
    "CONTACT_123",
    "Contact_123", "deal_123", "contact_123%00", "contact_123\n", "contact_123\r\nX-Injected: 1",
    "contact_1' OR '1'='1", "é",
    "\U0001f600", "\u202e", "x" * 101, "x" * 5_000, "{0}", "{0.__class__}", "%s", "{{7*7}}", "<script>", "'", '"',
    "\\", "[]", "[0]",
    "contact_00000000-0000-0000-0000-000000000000", "urn:uuid:00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}", "00000000000000000000000000000000",
)  # fmt: skip


WINNERR_PARAMETERS: tuple[str, ...] = (
    "limit", "cursor", "type", "status", "source", "assignedTo", "tags", "leadScore[gte]", "leadScore[lte]",
    "createdAt[gte]", "createdAt[lte]", "sort",
)  # fmt: skip


def queries(known: Iterable[str] = WINNERR_PARAMETERS) -> Iterator[tuple[str, str]]:
    """Query parameters as name and value, not yet percent-encoded: those that are ``known`` to the wire, and others."""
    values = (
        "", " ", ",", ",,,", "\x00", "a\x00b", "x" * 5_000, "x," * 2_500, "'", "' OR 1=1 --", "%", "_", "*", "[]",
        "{}", "null",
        "undefined", "NaN", "-1", "0", "1e3", "1.5", "10;", "１０", "٣", "99999999999999999999",
        "-99999999999999999999",
        "999999999999999999", "-999999999999999999", "true", "\U0001f600", "\ufffe", "\u202e", "é", "a:b:c",
        ":asc", "a:",
        "createdAt:desc;drop table", "createdAt:up", "organization_id", "password", "assigned_to__user__password:asc",
        "2024-13-01", "2024-02-30", "0000-00-00", "10000-01-01", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-01-15T24:00:00Z",
        "2024-01-15T10:30:00+99:99", "now", "1705314600",
        "../../etc/passwd", "{{7*7}}", "{0}", "%s", "<script>alert(1)</script>", "eyJpZCI6IjEyNCJ9", "e30.e30",
        "." * 100, "A" * 100_000,
    )  # fmt: skip
    for name in known:
        for value in values:
            yield name, value
    unknown = (
        "_connector", "_negated", "assignedTo__organization__name", "organization", "organization_id",
        "organization__id__gte", "pk",
        "id", "id__in", "deleted_at__isnull", "type__in", "type[]", "type[$ne]", "type[gte]", "leadScore",
        "leadScore[]", "leadScore[gte][x]",
        "leadScore[gt]", "leadScore__gte", "leadScore[gte", "leadScore]gte[", "createdAt", "createdAt[gte][lte]",
        "email", "phone", "offset", "format", "callback", "__class__", "constructor", "\x00", "", "é", "x" * 5_000,
    )  # fmt: skip
    for name in unknown:
        for value in ("1", "OR", "x' OR '1'='1", "\x00", "é" * 500):
            yield name, value


# What a program may send with reading, and nobody heeds.
HEADERS: tuple[dict[str, str], ...] = (
    {"Accept": "text/html"},
    {"Accept": "application/xml;q=1, */*;q=0"},
    {"Accept": "application/problem+json"},
    {"Accept": "\x00"},
    {"Accept-Charset": "utf-16"},
    {"Accept-Language": "x" * 5_000},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-Method-Override": "DELETE"},
    {"X-Request-Id": "a\nb"},
    {"X-Request-Id": "x" * 5_000},
    {"X-Forwarded-For": "' OR 1=1"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Organization-Id": "2"},
    {"X-API-Key": "ra_x"},
    {"Cookie": "latchkey_session=x; a=\x01"},
    {"Content-Type": "text/html; charset=utf-16"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "\u00e9"},
    {"Range": "bytes=0-1"},
    {"Expect": "100-continue"},
    {"Origin": "null"},
)
INTERNALS = ("Traceback", "psycopg", "sqlite", "contacts_contact ", "django", "/main/", ".py")


def internals_in(content: bytes) -> list[str]:
    """Words of ours that no answer may hold; an answer may echo the texts above."""
    text = content.decode().replace("DROP TABLE contacts_contact", "")
    return [word for word in INTERNALS if word in text]
