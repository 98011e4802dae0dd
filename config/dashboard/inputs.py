"""What a browser sends for a value that nobody touched."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import cached_property

_LINE_END: Final = re.compile(r"\r\n?")
_BLANK: Final = "\t\n\f\r "


def as_sent(widget: forms.Widget, shown: str) -> str:
    """The value as a form sends it back, lines ending in one character: the standard's sanitisation (HTML, 4.10.5.1)."""
    text = with_single_line_ends(shown)
    kind = widget.attrs.get("type") or getattr(widget, "input_type", "")
    if isinstance(widget, forms.Textarea) or kind == "hidden":
        return text
    line = text.replace("\n", "")
    return line.strip(_BLANK) if kind in ("email", "url") else line


def with_single_line_ends(text: str) -> str:
    """Browsers send two characters at the end of a line."""
    return _LINE_END.sub("\n", text)


def is_untouched(bound: BoundField) -> bool:
    """Whether a text came back as a browser sends what it was shown."""
    shown, sent = bound.field.prepare_value(bound.initial), bound.data
    return isinstance(shown, str) and isinstance(sent, str) and _same(bound.field.widget, shown, sent)


def _same(widget: forms.Widget, shown: str, sent: str) -> bool:
    return as_sent(widget, shown) == with_single_line_ends(sent)


class BrowserForm(forms.ModelForm):
    """A form that tells what somebody typed from what a browser changes by itself: lines lost, or ended in another way."""

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if not is_untouched(self[name])]

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # Django's own, which its stubs leave out
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = self._typed(name, value)

    def _typed(self, name: str, value: str) -> Any:
        bound = self[name]
        if is_untouched(bound) and isinstance(bound.initial, str):
            return bound.initial
        return with_single_line_ends(value)
