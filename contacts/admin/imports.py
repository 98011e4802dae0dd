"""Imports: upload, columns, plan, run, result, taking back. One page per import shows where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.http.request import UnreadablePostError
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.widgets import SELECT_CLASSES

from accounts.exceptions import DomainError, Invalid
from accounts.roles import Right
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.refusals import refusals_of, sentence
from config.dashboard.site import site
from contacts.admin.import_columns import PREFIX, FirstRows, OptionsForm, first_rows
from contacts.admin.import_rows import LABELS, MOVED, fates_of, kept_rows, rows_page, shows_plan
from contacts.admin.import_uploads import TOO_LARGE, UploadForm, receive
from contacts.exceptions import ImportRefused
from contacts.importing.records import Unreadable
from contacts.importing.report import write_failed, write_report
from contacts.models import ImportJob, ImportState, Tag
from contacts.services.import_requests import (
    CHANGEABLE,
    options_of,
    request_plan,
    request_run,
    request_undo,
    set_options,
    visible_imports,
)
from contacts.services.imports import cancel_import, outcomes_of
from contacts.services.undoing import rehearse
from contacts.services.uploads import MEBIBYTE, is_kept, opened, spooled, upload

STATE_COLOURS: Final = {
    ImportState.UPLOADED.label: "info",
    ImportState.PLANNING.label: "info",
    ImportState.PLANNED.label: "warning",
    ImportState.RUNNING.label: "info",
    ImportState.FINISHED.label: "success",
    ImportState.UNDOING.label: "info",
    ImportState.UNDONE.label: "default",
    ImportState.REFUSED.label: "danger",
    ImportState.CANCELLED.label: "default",
}
FORMATS: Final = {
    "csv": "Table (CSV)",
    "xlsx": "Table (Excel)",
    "vcard": "vCards",
    "json": "JSON",
    "winnerr": "Winnerr",
    "rentalot": "Rentalot",
    "estateprime": "EstatePrime",
}
STOPPABLE: Final = (ImportState.UPLOADED, ImportState.PLANNING, ImportState.PLANNED, ImportState.RUNNING)
# A rehearsal of very many rows is broken off, and says so.
SECONDS_OF_REHEARSAL: Final = 3.0
MOST_KEPT_NAMED: Final = 50
SELECT: Final = " ".join(SELECT_CLASSES)
_DIRECTORY: Final = "admin/contacts/importjob"


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return ImportState.choices

    def queryset(self, request, queryset):
        return queryset.filter(state=self.value()) if self.value() in ImportState.values else queryset


@admin.register(ImportJob, site=site)
class ImportAdmin(TenantModelAdmin):
    """For everybody who may write contacts: agents have their own imports here, those who manage the team have all."""

    view_right = Right.WRITE_CONTACTS
    add_right = Right.WRITE_CONTACTS

    list_display = ("shown_file", "shown_state", "shown_progress", "shown_counts", "shown_who", "requested_at")
    list_display_links = ("shown_file",)
    list_filter = (StateFilter,)
    list_filter_submit = True
    list_fullwidth = True
    sortable_by = ()
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        return visible_imports(actor_of(request)).order_by("-id")

    # The list.

    @display(description="File")
    def shown_file(self, job):
        return format_html(
            '<span class="block max-w-40 truncate" title="{}">{}</span>'
            '<span class="block font-normal text-subtle text-xs">Import {}, {}</span>',
            job.file_name,
            job.file_name,
            job.number,
            FORMATS.get(job.format, "unknown"),
        )

    @display(description="State", label=STATE_COLOURS)
    def shown_state(self, job):
        return job.get_state_display()

    @display(description="Done")
    def shown_progress(self, job):
        return f"{job.percent} %" if job.is_working and job.state != ImportState.UNDOING else "-"

    @display(description="Rows")
    def shown_counts(self, job):
        counts = [f"{count:,} {label.lower()}" for _, label, count in fates_of(job) if count]
        return ", ".join(counts) or "-"

    @display(description="By")
    def shown_who(self, job):
        return job.actor_label

    # Addresses.

    def get_urls(self) -> list[URLPattern]:
        def address(page: str, view: Callable[..., Any]) -> URLPattern:
            guarded = self.admin_site.admin_view(view)
            return path(f"<int:object_id>/{page}/", guarded, name=f"contacts_importjob_{page}")

        return [
            path("add/", csrf_exempt(self._receiving), name="contacts_importjob_add"),
            address("columns", self.columns_view),
            address("preview", require_POST(self.preview_view)),
            address("state", require_safe(self.state_view)),
            address("plan", require_POST(self.plan_view)),
            address("run", require_POST(self.run_view)),
            address("stop", require_POST(self.stop_view)),
            address("undo", self.undo_view),
            address("report", require_safe(self.report_view)),
            address("failed", require_safe(self.failed_view)),
            *(pattern for pattern in super().get_urls() if not str(pattern.name).endswith("_add")),
        ]

    def _job(self, request: HttpRequest, object_id: int | str) -> ImportJob:
        """The import, where the asker may see it. Raises ``Http404``, ``PermissionDenied``."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_object(request, str(object_id))
        if job is None:
            raise Http404
        return job

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        frame = self.admin_site.each_context(request)
        return TemplateResponse(
            request, f"{_DIRECTORY}/{template}.html", {**frame, "title": title, "opts": self.opts, **context}
        )

    # The file.

    def _receiving(self, request: HttpRequest) -> HttpResponseBase:
        """Reads the form before anybody else does, the check of its token included: to a disk, and for those alone who
        may send one."""
        if request.method == "POST" and self.admin_site.has_permission(request):
            if not self.has_add_permission(request):
                raise PermissionDenied
            try:
                is_whole = receive(request)
            except UnreadablePostError:
                return HttpResponseBadRequest("The file did not arrive.")
            return self.admin_site.admin_view(self.upload_view)(request, is_whole=is_whole)
        if request.method == "POST":
            return redirect("admin:login")
        return self.admin_site.admin_view(self.upload_view)(request)

    def upload_view(self, request: HttpRequest, *, is_whole: bool = True) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                job = upload(file.chunks(MEBIBYTE), file.name, actor=actor_of(request))
            except (ImportRefused, Unreadable) as error:
                form.add_error("file", getattr(error, "message", "") or str(error))
            else:
                return redirect(self.address_of("columns", job.pk))
        elif not is_whole:
            # What is left of the form says that no file came.
            form.errors.clear()
            form.add_error("file", TOO_LARGE)
        return self._page(request, "upload", "Import contacts", form=form)

    # The columns.

    def columns_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        job = self._job(request, object_id)
        if job.state not in CHANGEABLE or not is_kept(job):
            return redirect(self.address_of("change", job.pk))
        try:
            form, first = self._read(request, job)
        except Unreadable as error:
            return self._page(request, "columns", f"Import {job.number}", job=job, error=str(error))
        if request.method == "POST" and "preview" not in request.POST and form.is_valid() and not first.error:
            try:
                changed = set_options(job, form.options(first.mapping), actor=actor_of(request))
                request_plan(changed, actor=actor_of(request))
            except DomainError as error:
                self._say(form, error)
            else:
                return redirect(self.address_of("change", job.pk))
        return self._page(
            request,
            "columns",
            f"Import {job.number}",
            job=job,
            format=FORMATS.get(job.format, ""),
            form=form,
            first=first,
            select_classes=SELECT,
            earlier=self._earlier(request, job),
        )

    def preview_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part of the page that follows what is chosen."""
        job = self._job(request, object_id)
        try:
            _, first = self._read(request, job)
        except Unreadable as error:
            first = FirstRows(None, [], [], [], None, error=str(error))
        return TemplateResponse(request, f"{_DIRECTORY}/preview.html", {"job": job, "first": first})

    def _read(self, request: HttpRequest, job: ImportJob) -> tuple[OptionsForm, FirstRows]:
        actor, stored = actor_of(request), options_of(job)
        if request.method != "POST":
            form = OptionsForm(initial=OptionsForm.initial_of(stored), actor=actor)
            return form, first_rows(job, stored, None, actor=actor)
        form = OptionsForm(request.POST, actor=actor)
        options = stored
        if form.is_valid():
            try:
                options = form.options(None)
                options.check()
            except DomainError as error:
                self._say(form, error)
                options = stored
        chosen = {name: value for name, value in request.POST.items() if name.startswith(PREFIX)}
        return form, first_rows(job, options, {name: str(value) for name, value in chosen.items()}, actor=actor)

    def _say(self, form: forms.Form, error: DomainError) -> None:
        if isinstance(error, Invalid):
            for fault in error.errors:
                name = fault.field.partition(".")[0]
                form.add_error(name if name in form.fields else None, sentence(fault))
            return
        for refusal in refusals_of(error):
            form.add_error(None, error.message or refusal.message)

    def _earlier(self, request: HttpRequest, job: ImportJob) -> ImportJob | None:
        """An import of the very same file that was done."""
        done = self.get_queryset(request).filter(file_hash=job.file_hash, state=ImportState.FINISHED)
        return done.exclude(pk=job.pk).first()

    # The import's page.

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        job = self._job(request, object_id or "")
        if job.state == ImportState.UPLOADED and is_kept(job):
            return redirect(self.address_of("columns", job.pk))
        fate, after = request.GET.get("fate", ""), request.GET.get("after", "")
        line = int(after) if after.isdecimal() and len(after) < 16 else 0
        shows_rows = not job.is_working and job.rows > 0
        return self._page(
            request,
            "import",
            f"Import {job.number}: {job.file_name}",
            format=FORMATS.get(job.format, ""),
            **self._standing(job),
            page=rows_page(job, fate=fate, after=line, actor=actor_of(request)) if shows_rows else None,
            fate=fate,
            is_first=not line,
            filters=self._filters(job),
            to_import=job.created + job.updated,
            may_change=job.state in CHANGEABLE and is_kept(job),
            has_file=is_kept(job),
            tagged=self._tagged(job),
        )

    def _standing(self, job: ImportJob) -> dict[str, Any]:
        """How far it is. A page asks again only while something moves: asking keeps a login alive."""
        return {
            "job": job,
            "fates": fates_of(job),
            "is_plan": shows_plan(job),
            "asks_again": job.is_working and not job.is_stalled,
            "may_stop": job.state in STOPPABLE,
            "taken_back": job.removed + job.restored + job.kept,
        }

    def _filters(self, job: ImportJob) -> list[tuple[str, str]]:
        place = 1 if shows_plan(job) else 0
        filters = [("", "All rows"), *((fate.value, labels[place]) for fate, labels in LABELS.items())]
        if job.is_bound and job.failed and not shows_plan(job):
            filters.append((MOVED, "Moved since the plan"))
        if job.kept:
            filters.append(("kept", "Kept"))
        return filters

    def _tagged(self, job: ImportJob) -> str:
        """Where the contacts of the import are, if they have a tag of their own."""
        tags = job.options.get("tags") or []
        tag = Tag.objects.filter(name=tags[0]).first() if tags else None
        return f"{reverse('admin:contacts_contact_changelist')}?tag={tag.pk}" if tag else ""

    def state_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part of the page that renews itself; once nothing moves, all of it does."""
        job = self._job(request, object_id)
        response = TemplateResponse(request, f"{_DIRECTORY}/state.html", self._standing(job))
        if not job.is_working:
            response["HX-Refresh"] = "true"
        return response

    # What is asked of it.

    def plan_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._asked(request, object_id, lambda job, actor: request_plan(job, actor=actor))

    def run_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan_hash = request.POST.get("plan", "")
        return self._asked(request, object_id, lambda job, actor: request_run(job, plan_hash, actor=actor))

    def stop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._asked(request, object_id, lambda job, actor: cancel_import(job, actor=actor))

    def _asked(self, request: HttpRequest, object_id: int, verb: Callable[[ImportJob, Any], Any]) -> HttpResponse:
        job = self._job(request, object_id)
        try:
            verb(job, actor_of(request))
        except DomainError as error:
            self.message_user(request, error.message or "This could not be done.", messages.ERROR)
        return redirect(self.address_of("change", job.pk))

    def undo_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What taking it back would do as things stand; the button does it."""
        job = self._job(request, object_id)
        if request.method == "POST":
            return self._asked(request, object_id, lambda job, actor: request_undo(job, actor=actor))
        if job.state != ImportState.FINISHED:
            return redirect(self.address_of("change", job.pk))
        return self._page(
            request, "undo", f"Take import {job.number} back", job=job, **self._rehearsed(job, actor_of(request))
        )

    def _rehearsed(self, job: ImportJob, actor: Any) -> dict[str, Any]:
        removed = restored = 0
        kept: list[Any] = []
        until, is_whole = monotonic() + SECONDS_OF_REHEARSAL, True
        for undone in rehearse(job, actor=actor):
            removed += len(undone.removed)
            restored += len(undone.restored)
            kept += undone.kept
            if monotonic() > until:
                is_whole = False
                break
        named = list(kept_rows(kept, actor))
        return {
            "removed": removed,
            "restored": restored,
            "kept": named[:MOST_KEPT_NAMED],
            "kept_count": len(named),
            "more": max(len(named) - MOST_KEPT_NAMED, 0),
            "is_whole": is_whole,
        }

    # Downloads.

    def report_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Every row's fate as a table."""
        job = self._job(request, object_id)
        kind = "plan" if shows_plan(job) else "report"
        with _download(f"import-{job.number}-{kind}.csv") as target:
            write_report(target, outcomes_of(job, is_plan=shows_plan(job)))
            return _attachment(target)

    def failed_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The failed rows as a file of the same format, to be corrected and imported again."""
        job = self._job(request, object_id)
        try:
            with (
                spooled(job) as file,
                opened(file, job.format) as source,
                _download(f"import-{job.number}-failed{source.suffix}") as target,
            ):
                with target.open("wb") as stream:
                    write_failed(stream, source, outcomes_of(job, is_plan=shows_plan(job)))
                return _attachment(target)
        except Unreadable as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect(self.address_of("change", job.pk))


@contextmanager
def _download(name: str) -> Iterator[Path]:
    """A place for a file that is gone when the block ends: whoever has it open reads on."""
    with TemporaryDirectory(prefix="import-") as directory:
        yield Path(directory) / name


def _attachment(target: Path) -> FileResponse:
    return FileResponse(target.open("rb"), as_attachment=True, filename=target.name)
