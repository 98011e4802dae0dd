"""HTML that people write: whether it is plain enough to be read, and what of it is kept."""

from __future__ import annotations

import re
from typing import Final

import nh3
from django.utils.html import escape

# What a parser takes grows with the square of how deep elements stand in one another, which no text needs.
MOST_LEVELS: Final = 100
# The open elements at each start tag, summed up: a parser may have to open all of them anew at each.
MOST_OPENED: Final = 65_535
# Each is compared with all others of its element.
MOST_ATTRIBUTES: Final = 100
_SAFE_SCHEMES: Final = {"http", "https", "mailto", "tel"}
# Formatting, lists, tables and links. A picture tells a stranger who reads it, and when.
_KEPT: Final = nh3.ALLOWED_TAGS - {"img"}

# Tokens as the standard has them (HTML, 13.2.5). No repetition gives back what it took, so that nothing is read twice.
_BLANK: Final = r"\t\n\f\r\x20"
_ATTRIBUTE: Final = re.compile(
    rf"[^{_BLANK}/>][^{_BLANK}/>=]*+"
    rf"""(?:[{_BLANK}]*+=[{_BLANK}]*+(?:"[^"]*+"|'[^']*+'|[^{_BLANK}>"'][^{_BLANK}>]*+|(?=>)))?+"""
)
_TOKEN: Final = re.compile(
    rf"""
    <!--(?:-?>|(?s:.*?)--!?>)                   # a comment
    | <(?!!--)[!?][^>]*+>                       # what is taken for one
    | </(?:[^a-zA-Z>][^>]*+)?>                  # and what is nothing at all
    | <(?P<end>/?)(?P<name>[a-zA-Z][^{_BLANK}/>]*+)(?P<rest>(?:[{_BLANK}/]++|{_ATTRIBUTE.pattern})*+)>
    | (?P<unfinished><[!?/a-zA-Z])              # up to the end of the text
    """,
    re.VERBOSE,
)
_VOID: Final = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
# By a start tag, what it closes that stands open right above it.
_CLOSES: Final[dict[str, frozenset[str]]] = {
    "p": frozenset({"p"}),
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "tr": frozenset({"td", "th", "tr"}),
    **dict.fromkeys(("tbody", "thead", "tfoot"), frozenset({"td", "th", "tr", "tbody", "thead", "tfoot"})),
}
# By an end tag, what it ends besides where that stands in the element. Others, ``span`` for one, end nothing but themselves.
_PARTS: Final = frozenset({"td", "th", "tr", "tbody", "thead", "tfoot"})
_ITEMS: Final = frozenset({"p", "li", "dt", "dd"})
_ENDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("div", "blockquote", "ul", "ol", "dl", "li", "dt", "dd", "section", "article"), _ITEMS),
    **dict.fromkeys(("table", *_PARTS), _ITEMS | _PARTS),
}
# What stands in them is text.
_RAW: Final = frozenset({"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"})
# In them, or behind them, a parser has rules of its own: from there on whatever looks like a start tag is one that never ends.
_TAG: Final = re.compile(r"<[a-zA-Z][^>]*+")
_OTHERWISE: Final = frozenset({"frameset", "math", "noscript", "plaintext", "select", "svg", "template"})


_SMALL: Final = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class TooNested(ValueError):
    """More elements in one another than anybody writes; reading them would take too long."""


class _Nesting:
    """The elements that a parser may have open, at least those that it has: an end tag counts where no doubt is left."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.opened = 0

    def start(self, name: str, rest: str) -> None:
        while self.open and self.open[-1] in _CLOSES.get(name, ()):
            self.open.pop()
        self.opened += len(self.open) + 1
        if name not in _VOID:
            self.open.append(name)
        if len(self.open) > MOST_LEVELS or self.opened > MOST_OPENED or _has_many_attributes(rest):
            raise TooNested

    def end(self, name: str) -> None:
        inner = len(self.open)
        while inner and self.open[inner - 1] != name and self.open[inner - 1] in _ENDS.get(name, ()):
            inner -= 1
        if inner and self.open[inner - 1] == name:
            del self.open[inner - 1 :]


def _has_many_attributes(rest: str) -> bool:
    return len(rest) > 2 * MOST_ATTRIBUTES and len(_ATTRIBUTE.findall(rest)) > MOST_ATTRIBUTES


def check_nesting(html: str) -> None:
    """Reads the text once, and raises ``TooNested`` before a parser would have to."""
    nesting, place = _Nesting(), 0
    while (token := _TOKEN.search(html, place)) and not token["unfinished"]:
        place = token.end()
        # Only ASCII letters are the same in both sizes.
        name = (token["name"] or "").translate(_SMALL)
        if name and token["end"]:
            nesting.end(name)
        elif name:
            nesting.start(name, token["rest"])
            end = _end_of_raw(html, name, place) if name in _RAW else place
            # Behind a comment in it a script may go on after its end tag.
            if name in _OTHERWISE or (name == "script" and html.find("<!--", place, end) >= 0):
                return _check_otherwise(html, place, nesting)
            place = end
    return None


def _check_otherwise(html: str, start: int, nesting: _Nesting) -> None:
    for tag in _TAG.finditer(html, start):
        nesting.start("", tag[0])


def _end_of_raw(html: str, name: str, start: int) -> int:
    """Where the end tag of an element with nothing but text in it begins."""
    found = re.compile(rf"</{name}(?=[{_BLANK}/>])", re.IGNORECASE | re.ASCII).search(html, start)
    return found.start() if found else len(html)


def sanitized(html: str) -> str:
    """The HTML without whatever runs or loads something, by a list of what is kept. Raises ``TooNested``.

    Links go to web pages, mail and telephones, and nowhere else. A text without an element is unchanged.
    """
    # Without an element there is nothing to clean, and an ampersand may stay one.
    if "<" not in html:
        return html
    check_nesting(html)
    return nh3.clean(html, tags=_KEPT, attribute_filter=_kept_attribute, link_rel=None, url_schemes=_SAFE_SCHEMES)


def shown_html(stored: str) -> str:
    """A stored value for a page of ours: sanitised again, whatever wrote it.

    Where that would take too long, from a time when more was taken, the text as it stands.
    """
    try:
        check_nesting(stored)
    except TooNested:
        return escape(stored)
    return nh3.clean(
        stored,
        tags=_KEPT,
        attribute_filter=_kept_attribute,
        link_rel="noopener noreferrer nofollow",
        url_schemes=_SAFE_SCHEMES,
    )


def _kept_attribute(element: str, name: str, value: str) -> str | None:
    if name != "href":
        return value
    # What a browser drops from an address before it looks at the scheme.
    bare = "".join(character for character in value if character > " " and character != "\x7f")
    scheme, colon, _ = bare.partition(":")
    if colon and scheme.lower() in _SAFE_SCHEMES:
        return value
    return None if colon or bare.startswith(("//", "\\", "/\\")) else value
