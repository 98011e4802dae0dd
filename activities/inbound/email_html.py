"""Mail written in HTML, as text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

import nh3

# More than any person writes; what comes after it is in the receipt.
LONGEST_HTML: Final = 500_000
# The cleaner takes time by the square of the depth. Newsletters have some thousand elements, some dozens deep.
MOST_ELEMENTS: Final = 20_000
DEEPEST: Final = 300

_LINES: Final = frozenset({"tr", "dt", "dd", "div", "section", "article", "header", "footer", "address"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr"}
)
_SHOWN: Final = frozenset({"a", "img", "td", "th", "br", "li"}) | _LINES | _PARAGRAPHS
# Whose content is for browsers.
_UNSHOWN: Final = frozenset({"script", "style", "title", "template", "noscript", "svg", "math", "object", "iframe"})
_LINKS: Final = frozenset({"http", "https", "mailto", "tel"})
# Elements that nobody closes, or that close one another.
_CLOSED_BY_OTHERS: Final = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"}) | frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot"}
)
_BLANKS: Final = re.compile(r"[^\S\n]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_MARKUP: Final = re.compile(r"<[^<>]*>")


def text_of_html(html: str) -> str:
    """What the HTML says: blocks as lines, links with their address behind them, no styles and no scripts.

    Of HTML that is built to keep readers busy it is what stands between the tags.
    """
    html = html[:LONGEST_HTML].replace("\x00", "")
    if not _is_bearable(html):
        return _BLANKS.sub(" ", unescape(_MARKUP.sub(" ", html))).strip()
    clean = nh3.clean(
        html,
        tags=set(_SHOWN),
        clean_content_tags=set(_UNSHOWN),
        attributes={"a": {"href"}, "img": {"alt"}},
        url_schemes=set(_LINKS),
        link_rel=None,
    )
    reader = _Text()
    # Well-formed now, and every sign in it escaped: nothing is left that a simple parser would take for something else.
    reader.feed(clean)
    reader.close()
    return reader.text()


def _is_bearable(html: str) -> bool:
    if html.count("<") > MOST_ELEMENTS or html.count("&") > MOST_ELEMENTS:
        return False
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _CLOSED_BY_OTHERS:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest <= DEEPEST


class _Text(HTMLParser):
    """Writes down what well-formed HTML of the elements above shows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        # Line ends that are due before the next word.
        self._breaks = 0
        # The address of the link that is open, and where its words begin.
        self._link: tuple[str, int] | None = None

    def text(self) -> str:
        lines = "".join(self._written).split("\n")
        return _EMPTY_LINES.sub("\n\n", "\n".join(_BLANKS.sub(" ", line).strip() for line in lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._written))
        elif tag == "img":
            self._write(dict(attrs).get("alt") or "")
        elif tag == "br":
            self._breaks += 1
        elif tag in ("td", "th"):
            self._written.append(" ")
        else:
            self._end_line(tag)
            if tag in ("li", "hr"):
                self._write("- " if tag == "li" else "---")
                self._end_line(tag if tag == "hr" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        else:
            self._end_line(tag)

    def handle_data(self, data: str) -> None:
        # Line ends of HTML are blanks; those of the text are what elements made.
        self._write(data.replace("\n", " "))

    def _end_line(self, tag: str) -> None:
        wanted = 2 if tag in _PARAGRAPHS else 1 if tag in _LINES or tag == "li" else 0
        self._breaks = max(self._breaks, wanted)

    def _write(self, text: str) -> None:
        if text.strip():
            self._written.append("\n" * self._breaks)
            self._breaks = 0
        self._written.append(text)

    def _close_link(self) -> None:
        if self._link is None:
            return
        address, start = self._link
        self._link = None
        words = "".join(self._written[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if bare and bare.rstrip("/") != words.rstrip("/") and not bare.startswith("#"):
            self._write(f" ({bare})" if words else bare)
