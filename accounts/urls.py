"""The addresses of a person's login, under ``/accounts/``: of allauth's pages only those that are listed here."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from accounts import views
from accounts.views import account_page

urlpatterns = [
    path("login/", account_page(account.login), name="account_login"),
    path("logout/", account_page(account.logout), name="account_logout"),
    path("inactive/", account_page(account.account_inactive), name="account_inactive"),
    path("signup/", account_page(views.signup_closed), name="account_signup"),
    path("reauthenticate/", account_page(account.reauthenticate), name="account_reauthenticate"),
    path("password/change/", account_page(account.password_change), name="account_change_password"),
    path("password/reset/", account_page(account.password_reset), name="account_reset_password"),
    path("password/reset/done/", account_page(account.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_page(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account_page(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", account_page(mfa.index), name="mfa_index"),
    path("2fa/authenticate/", account_page(mfa.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", account_page(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", account_page(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", account_page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", account_page(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        account_page(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        account_page(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("organization/", account_page(views.organization), name="accounts_organization"),
    path("invitation/", account_page(views.invitation), name="accounts_invitation"),
]
