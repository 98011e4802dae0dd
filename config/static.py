"""Static files under names that carry their hash, once they were collected."""

from __future__ import annotations

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Whitenoise's storage, which serves a page in style on a machine where ``collectstatic`` never ran.

    Without a manifest a file keeps its plain name, under which whitenoise's finders serve it. Production is strict
    (``WHITENOISE_MANIFEST_STRICT``): there a file that was not collected is an error.
    """

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        if content is None and filename is None and not self.hashed_files and not self.manifest_strict:
            return name
        hashed: str = super().hashed_name(name, content, filename)
        return hashed
