"""The verbs of accounts. Every door calls these."""

from accounts.services.credentials import IssuedKey, IssuedToken, issue_key, issue_token, revoke_credential
from accounts.services.members import change_role, create_member, deactivate_member, reactivate_member
from accounts.services.organizations import create_organization

__all__ = [
    "IssuedKey",
    "IssuedToken",
    "change_role",
    "create_member",
    "create_organization",
    "deactivate_member",
    "issue_key",
    "issue_token",
    "reactivate_member",
    "revoke_credential",
]
