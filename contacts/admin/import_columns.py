"""What the columns of an uploaded file become, chosen by a person who sees the first rows as contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Any, Final

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from accounts.actor import Actor
from accounts.models import Member
from contacts.admin.fields import SuggestingInput, WordsField
from contacts.admin.forms import source_names
from contacts.admin.wording import label_of, parted, shown
from contacts.drafts import UNSET, ContactDraft
from contacts.importing.columns import TARGETS, TableInterpreter, choices, guess
from contacts.importing.columns import Mapping as ColumnMapping
from contacts.importing.context import Context, read_context
from contacts.importing.interpreting import SAMPLE, TABLES, examined, interpreter_for
from contacts.importing.options import ROUND_ROBIN, ImportOptions, OnDuplicate
from contacts.importing.records import IgnoredColumn, Interpreter, Record, Unreadable, UsedColumn
from contacts.importing.rows import Preparation, Row
from contacts.models import ImportJob
from contacts.services.import_requests import members_in_turn
from contacts.services.imports import import_actor, read_surroundings
from contacts.services.uploads import beginning

ROWS_SHOWN: Final = 8
MOST_MEMBERS: Final = 500
PREFIX: Final = "column-"
NOTHING: Final = "— leave out —"
POLICIES: Final = (
    (OnDuplicate.SKIP, "Leave the contact as it is. The row is skipped."),
    (OnDuplicate.FILL, "Fill in what is empty. Further addresses, numbers and tags are added; nothing is replaced."),
    (
        OnDuplicate.UPDATE,
        "Replace what is there by what the row says. A replaced address or number stays as a further one.",
    ),
    (OnDuplicate.ERROR, "Treat the row as a failure, to be looked at."),
)
# By what targets are called, the groups of the list to choose from; what is in none comes last.
_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Name", ("full_name", "first_name", "middle_name", "last_name", "name_", "company_name", "is_company")),
    ("E-mail", ("email", "further_email")),
    ("Phone", ("phone", "further_phone")),
    ("Address", ("street", "city", "state", "zip_code", "country", "address")),
    ("Custom fields", ("custom",)),
    ("Related people", ("related_",)),
    ("Dates and ids", ("created_at", "last_contacted_at", "uuid", "number", "winnerr_key")),
)
_OTHERS: Final = "About the contact"
_UNTOLD: Final = frozenset({"full_name", "first_name", "last_name", "is_company", "custom_values"})


class OptionsForm(forms.Form):
    """What becomes of the rows, apart from their columns."""

    on_duplicate = forms.ChoiceField(
        label="When a contact is there already",
        choices=[(policy.value, words) for policy, words in POLICIES],
        widget=UnfoldAdminRadioSelectWidget(radio_style=1),
        help_text="Somebody is the same contact by the e-mail address, or else by telephone and name.",
    )
    tags = WordsField(
        required=False, label="Tags for all", help_text="Separated by commas. A tag makes them easy to find again."
    )
    source = forms.CharField(
        required=False,
        max_length=100,
        label="Source",
        help_text="For rows that name none.",
        widget=SuggestingInput(source_names),
    )
    assign = forms.ChoiceField(
        required=False, label="Assigned to", help_text="For rows that name nobody.", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.filter(is_active=True).order_by("first_name", "last_name", "pk")[:MOST_MEMBERS]
        self.fields["assign"].choices = [  # type: ignore[attr-defined]  # a choice field
            ("", "Nobody yet" if actor.sees_all_contacts else "Me"),
            (ROUND_ROBIN, "All agents in turn"),
            *((str(member.pk), member.full_name) for member in members),
        ]

    @staticmethod
    def initial_of(options: ImportOptions) -> dict[str, Any]:
        """What the form shows for options."""
        assign = str(options.assign[0]) if len(options.assign) == 1 else ROUND_ROBIN if options.assign else ""
        return {
            "on_duplicate": options.on_duplicate.value,
            "tags": options.tags,
            "source": options.source,
            "assign": assign,
        }

    def options(self, mapping: Mapping[str, Any] | None) -> ImportOptions:
        """What a valid form says."""
        said = self.cleaned_data
        return ImportOptions(
            on_duplicate=OnDuplicate(said["on_duplicate"]),
            mapping=mapping,
            tags=said["tags"],
            source=said["source"].strip(),
            assign=_members(said["assign"]),
        )


def _members(assign: str) -> tuple[int, ...]:
    if assign == ROUND_ROBIN:
        return members_in_turn()
    return (int(assign),) if assign else ()


@dataclass(frozen=True)
class ColumnShown:
    """A column and the list to choose from; ``faults`` of the first rows are about it."""

    name: str
    heading: str
    examples: Sequence[str]
    select: SafeString
    reason: str
    is_empty: bool


@dataclass(frozen=True)
class RowShown:
    """A row as the contact it would make, and what is wrong with it."""

    line: int
    title: str
    details: Sequence[tuple[str, str]]
    faults: Sequence[Any]


@dataclass(frozen=True)
class FirstRows:
    """What is known of a file by its beginning: its columns or what is read of it, and the first rows."""

    columns: Sequence[ColumnShown] | None
    used: Sequence[UsedColumn]
    ignored: Sequence[IgnoredColumn]
    notes: Sequence[str]
    mapping: Mapping[str, Any] | None
    rows: Sequence[RowShown] = ()
    looked_at: int = 0
    faulty: int = 0
    error: str = ""

    @property
    def filled(self) -> list[ColumnShown]:
        return [column for column in self.columns or () if not column.is_empty]

    @property
    def empty(self) -> list[ColumnShown]:
        return [column for column in self.columns or () if column.is_empty]


def first_rows(job: ImportJob, options: ImportOptions, chosen: Mapping[str, str] | None, *, actor: Actor) -> FirstRows:
    """The beginning of an import's file, read by what its columns are to become.

    ``chosen`` are targets by ``column-<place>`` as a form sends them; None for what the options say, or what is guessed.
    What cannot be understood is told in ``error``. Raises ``Unreadable`` where the file itself cannot be read.
    """
    context = read_context()
    with beginning(job) as source:
        records = list(islice(source.records(), SAMPLE))
        headers = source.headers or () if source.format in TABLES else None
        mapping, error = _mapping(headers, records, options, chosen, context) if headers is not None else (None, "")
        columns = list(_columns_shown(mapping, chosen, context)) if mapping is not None else None
        interpreter: Interpreter | None = None
        if not error:
            try:
                is_table = mapping is not None and headers is not None
                interpreter = (
                    TableInterpreter(mapping, headers, context)  # type: ignore[arg-type]  # both are there
                    if is_table
                    else interpreter_for(source, None, context)
                )
            except Unreadable as failure:
                error = _told(failure)
        used, ignored = (_in_words(examined(interpreter, records)), interpreter.ignored()) if interpreter else ([], [])
        found = FirstRows(
            columns, used, ignored, tuple(source.notes), mapping.to_json() if mapping else None, error=error
        )
    return found if interpreter is None else _with_rows(found, interpreter, records, options, context, actor)


def _in_words(used: Sequence[UsedColumn]) -> list[UsedColumn]:
    """With what people call the targets."""
    return [
        replace(each, target=TARGETS[each.target].verbose_name if each.target in TARGETS else label_of(each.target))
        for each in used
    ]


def _mapping(
    headers: Sequence[str],
    records: Sequence[Record],
    options: ImportOptions,
    chosen: Mapping[str, str] | None,
    context: Context,
) -> tuple[ColumnMapping, str]:
    """The mapping, and why it is not the one that was asked for."""
    guessed = guess(headers, [record.raw for record in records if record.fault is None], context)
    document = options.mapping
    if chosen is not None:
        document = {
            "columns": {heading: chosen.get(f"{PREFIX}{place}") or None for place, heading in enumerate(headers)}
        }
    if not document:
        return guessed, ""
    try:
        return guessed.overridden(document, context), ""
    except Unreadable as failure:
        return guessed, _told(failure)


def _told(failure: Unreadable) -> str:
    """Without the lists of what there is: here they are to be seen."""
    lines = str(failure).splitlines()
    return " ".join(lines[1:-2] if len(lines) > 3 else lines)


def _columns_shown(mapping: ColumnMapping, chosen: Mapping[str, str] | None, context: Context) -> Iterator[ColumnShown]:
    also = [column.target for column in mapping.columns if column.target]
    listed = _listed(choices(context, also))
    for place, column in enumerate(mapping.columns):
        name = f"{PREFIX}{place}"
        # What somebody chose stays to be seen, also where it does not fit.
        target = (column.target or "") if chosen is None else chosen.get(name, "")
        yield ColumnShown(
            name=name,
            heading=column.heading,
            examples=column.examples,
            select=_selected(listed, target),
            reason="" if target else column.reason,
            is_empty=not column.examples and not target,
        )


def _listed(offered: Sequence[tuple[str, str]]) -> SafeString:
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name, _ in _GROUPS}
    groups[_OTHERS] = []
    for target, words in offered:
        groups[_group_of(target)].append((target, words))
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (name, format_html_join("", '<option value="{}">{}</option>', members))
            for name, members in groups.items()
            if members
        ),
    )


def _group_of(target: str) -> str:
    for name, beginnings in _GROUPS:
        if target.startswith(beginnings):
            return name
    return _OTHERS


def _selected(listed: SafeString, target: str) -> SafeString:
    """The list with one choice made. As text: a file of a thousand columns has a thousand of them."""
    if not target:
        return format_html('<option value="" selected>{}</option>{}', NOTHING, listed)
    option = format_html('<option value="{}"', target)
    marked = listed.replace(option, f"{option} selected", 1)
    return format_html('<option value="">{}</option>{}', NOTHING, mark_safe(marked))  # noqa: S308 - of escaped parts


def _with_rows(
    found: FirstRows,
    interpreter: Interpreter,
    records: Sequence[Record],
    options: ImportOptions,
    context: Context,
    actor: Actor,
) -> FirstRows:
    preparation = Preparation(interpreter, options, read_surroundings(), actor=import_actor(actor))
    rows = [preparation.row(record, ordinal) for ordinal, record in enumerate(records)]
    names = _member_names()
    # Those with faults are what somebody should see: they come among the shown ones, in the order of the file.
    faulty = [row for row in rows if row.faults]
    chosen = {id(row) for row in [*faulty[: ROWS_SHOWN // 2], *rows][:ROWS_SHOWN]}
    shown_rows = [_row_shown(row, names, context) for row in rows if id(row) in chosen]
    return replace(found, rows=shown_rows, looked_at=len(rows), faulty=len(faulty))


def _row_shown(row: Row, names: Mapping[int, str], context: Context) -> RowShown:
    return RowShown(
        row.line,
        title_of(row.draft),
        list(_details(row.draft, names, context)) if not _is_unread(row) else [],
        row.faults,
    )


def _is_unread(row: Row) -> bool:
    return not row.draft.said()


def title_of(draft: ContactDraft) -> str:
    """What the contact of a row would be called."""
    parts = (draft.full_name, " ".join(filter(None, [draft.first_name or "", draft.last_name or ""])))
    return next((text for text in (*parts, draft.company_name, draft.email, draft.phone) if text), "No name")


def _details(draft: ContactDraft, names: Mapping[int, str], context: Context) -> Iterator[tuple[str, str]]:
    facts = {name: _plain(value) for name, value in draft.said().items() if name not in _UNTOLD}
    if "added_tags" in facts:
        facts["tags"] = list(dict.fromkeys([*facts.get("tags", ()), *facts.pop("added_tags")]))
    if "assigned_to" in facts:
        facts["assigned_to_id"] = facts.pop("assigned_to")
    for name, value in parted(facts).items():
        words = shown(name, value, names)
        if words not in ("", "—"):
            yield label_of(name), words
    fields = {known.number: known.name for known in context.fields}
    for number, value in (draft.custom_values or {}).items():
        yield fields.get(int(number), "Custom field"), str(value)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items() if part is not UNSET}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if part is not UNSET}
    return value.isoformat() if isinstance(value, datetime) else value


def rows_at_lines(job: ImportJob, lines: Collection[int], options: ImportOptions) -> dict[int, RowShown]:
    """What rows at the beginning of the file say, by line; those further behind, and what cannot be read, are left out."""
    try:
        with beginning(job) as source:
            context = read_context()
            interpreter = interpreter_for(source, options.mapping, context)
            names, last = _member_names(), max(lines, default=0)
            records = takewhile(lambda record: record.line <= last, source.records())
            wanted = [record for record in records if record.line in lines and record.fault is None]
            drafts = {record.line: interpreter.interpret(record).draft for record in wanted}
    except Unreadable:
        return {}
    return {
        line: RowShown(line, title_of(draft), list(_details(draft, names, context)), ())
        for line, draft in drafts.items()
    }


def _member_names() -> dict[int, str]:
    return {member.pk: member.full_name for member in Member.objects.filter(is_active=True)[:MOST_MEMBERS]}
