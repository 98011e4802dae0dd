"""Organizations, their members, and the credentials that act for them."""

from accounts.models.credential import Credential, CredentialKind, RefreshToken, WireName
from accounts.models.idempotency import IdempotencyRecord
from accounts.models.invitation import Invitation
from accounts.models.member import Member
from accounts.models.organization import Organization
from accounts.models.quota import RequestMeter, WriteMeter
from accounts.models.user import User

__all__ = [
    "Credential",
    "CredentialKind",
    "IdempotencyRecord",
    "Invitation",
    "Member",
    "Organization",
    "RefreshToken",
    "RequestMeter",
    "User",
    "WireName",
    "WriteMeter",
]
