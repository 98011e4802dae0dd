"""Receiving files to be imported: to a disk, up to a size, and without a transaction that waits for a slow client."""

from __future__ import annotations

from typing import Final

from django import forms
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.tenancy import current_scope
from contacts.services.uploads import MEBIBYTE, MOST_BYTES

TOO_LARGE: Final = (
    f"The file is larger than {MOST_BYTES // MEBIBYTE} MiB: split it, or ask whoever runs Latchkey to import it."
)
# Up to so much is read and thrown away, so that the browser shows why; beyond it the connection is cut.
_READ_AWAY: Final = 1024 * MEBIBYTE
ACCEPTED: Final = ".csv,.tsv,.txt,.xlsx,.vcf,.vcard,.json,.jsonl,.ndjson"


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file to the disk as it comes in, and stops where it is larger than any that can be imported."""

    is_exceeded = False

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > MOST_BYTES:
            self.is_exceeded = True
            raise StopUpload(connection_reset=(self.content_length or 0) > _READ_AWAY)
        super().receive_data_chunk(raw_data, start)


def receive(request: HttpRequest) -> bool:
    """Read the form with its file; False when the file is too large, of which nothing is left then.

    Nothing of the request's body may have been read before. Raises what reading a body does.
    """
    handler = BoundedUploadHandler(request)
    request.upload_handlers = [handler]
    scope = current_scope()
    if scope is None:
        _ = request.FILES
        return not handler.is_exceeded
    with scope.suspended():
        _ = request.FILES
    return not handler.is_exceeded


class UploadForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label="File with contacts",
        max_length=1_000,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
