"""Form fields and inputs of the contact page."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminTextInputWidget

# More than the longest list of the longest words (contacts.rules).
LONGEST_LINE = 30_000


class SuggestingInput(UnfoldAdminTextInputWidget):
    """A text input that offers words without insisting on them."""

    def __init__(self, suggestions: Callable[[], Iterable[str]], attrs: dict[str, Any] | None = None) -> None:
        self.suggestions = suggestions
        super().__init__(attrs)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        identifier = f"{name}-suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": identifier}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((word,) for word in self.suggestions()))
        return format_html('{}<datalist id="{}">{}</datalist>', field, identifier, options)


class WordsField(forms.CharField):
    """Texts separated by commas, in their order; a text with a comma in it stands in double quotes."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else joined_words(value)

    def to_python(self, value: Any) -> tuple[str, ...]:  # type: ignore[override]  # a CharField in looks only
        text = super().to_python(value) or ""
        if len(text) > LONGEST_LINE:
            raise ValidationError("This is too long.")
        return split_words(text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return tuple(initial or ()) != self.to_python(data)
        except ValidationError:
            return True


def split_words(text: str) -> tuple[str, ...]:
    """The texts of a comma-separated line, blank ones and repetitions left out."""
    (row,) = csv.reader([" ".join(text.split())], skipinitialspace=True) if text.strip() else ([],)
    return tuple(dict.fromkeys(word.strip() for word in row if word.strip()))


def joined_words(words: Sequence[str]) -> str:
    """The line that ``split_words`` takes apart into the same texts."""
    return ", ".join(_quoted(word) if "," in word or '"' in word else word for word in words)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
