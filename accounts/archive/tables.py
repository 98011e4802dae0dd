"""What accounts puts into an archive, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accounts.archive.kinds import Kind
from accounts.models import (
    Credential,
    IdempotencyRecord,
    Invitation,
    Member,
    Organization,
    RefreshToken,
    RequestMeter,
    WriteMeter,
)
from accounts.tenancy import TenantModel

ORGANIZATION: Final = Kind(
    name="organization",
    model=Organization,
    left_out={"slug": "names the organization in one instance; whoever restores it says what it is called there"},
)
# A login is written as its e-mail address and nothing else: passwords and second factors are the person's.
MEMBERS: Final = Kind(name="members", model=Member)

ACCOUNTS: Final = (ORGANIZATION, MEMBERS)

LEFT_BEHIND: Final[Mapping[type[TenantModel], str]] = {
    Credential: "a secret's digest: programs get new ones, from whoever runs the other instance",
    RefreshToken: "a secret's digest, of a session that ends here",
    IdempotencyRecord: "an answer to a credential that stays behind, of interest for a day",
    Invitation: "a secret's digest, in a link that leads here; whoever did not accept is invited again",
    RequestMeter: "counts of a window that is over soon, for the instance that counts",
    WriteMeter: "counts of a window that is over soon, for the instance that counts",
}
