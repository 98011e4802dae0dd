"""The verbs of accounts. Every door calls these."""

from accounts.services.credentials import IssuedKey, IssuedToken, issue_key, issue_token, revoke_credential
from accounts.services.invitations import accept_invitation, invite, read_invitation, revoke_invitation
from accounts.services.login import check_password_login, choose_membership
from accounts.services.members import change_role, create_member, deactivate_member, reactivate_member
from accounts.services.organizations import change_plan, create_organization
from accounts.services.purging import purge_expired
from accounts.services.sessions import SessionTokens, end_session, open_session, refresh_session
from accounts.services.settings import change_organization

__all__ = [
    "IssuedKey",
    "IssuedToken",
    "SessionTokens",
    "accept_invitation",
    "change_organization",
    "change_plan",
    "change_role",
    "check_password_login",
    "choose_membership",
    "create_member",
    "create_organization",
    "deactivate_member",
    "end_session",
    "invite",
    "issue_key",
    "issue_token",
    "open_session",
    "purge_expired",
    "reactivate_member",
    "read_invitation",
    "refresh_session",
    "revoke_credential",
    "revoke_invitation",
]
