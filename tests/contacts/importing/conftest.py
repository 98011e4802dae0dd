"""What imports are tried with."""

from __future__ import annotations

from tests.accounts.conftest import operator

__all__ = ["operator"]
