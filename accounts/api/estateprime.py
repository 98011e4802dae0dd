"""EstatePrime's users: the organization's members, and the groups they are in (CONTRACTS 3.6)."""

from __future__ import annotations

from typing import Any, Final

from django.urls import re_path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Member
from accounts.ordering import Counted
from accounts.roles import Right, Role
from config.wires.estateprime import PAGE_SIZE, EstatePrimeViewSet, FixedPage, parameters_of
from config.wires.openapi.estateprime import IDENTIFIER, OF_PARAMETERS, USERS, page_parameter, success, success_page
from config.wires.openapi.operations import Answer, Operation
from config.wires.openapi.shapes import TEXT, Component, array, closed, described, nullable

# The printed two, and one for those who only read.
USERGROUPS: Final = {1: "Admin", 2: "Agent", 3: "Viewer"}
_GROUP_OF: Final = {Role.OWNER: 1, Role.ADMIN: 1, Role.AGENT: 2, Role.VIEWER: 3}
USER: Final = Component(
    "User",
    closed(
        {
            "id": IDENTIFIER,
            "first_name": TEXT,
            "last_name": TEXT,
            "usergroup": described(IDENTIFIER, "One of `/api/users/usergroups`."),
            "email": TEXT,
            "phone": nullable(TEXT),
            "is_active": {"type": "boolean"},
        }
    ),
)
USERGROUP: Final = Component("Usergroup", closed({"id": IDENTIFIER, "name": TEXT}))


class UserViewSet(EstatePrimeViewSet):
    """Who works here, the newest first (CONTRACTS E-S2), those who have left included: contacts name them."""

    grants = {"list": Right.READ_MEMBERS, "usergroups": Right.READ_MEMBERS}
    operations = {
        "list": Operation(
            name="listUsers",
            tag=USERS,
            summary="List users",
            query=(page_parameter(),),
            answer=Answer(description="A page of users.", shape=success_page("UserListResponse", USER)),
            refusals=OF_PARAMETERS,
        ),
        "usergroups": Operation(
            name="listUsergroups",
            tag=USERS,
            summary="List user groups",
            answer=Answer(description="All of them.", shape=success("UsergroupListResponse", array(USERGROUP))),
        ),
    }

    def list(self, request: Request) -> Response:
        page = FixedPage.asked(parameters_of(request))
        members = Member.objects.order_by("-number")
        columns = ("number", "first_name", "last_name", "role", "user__email", "phone", "is_active")
        # No organization has so many members that a page beyond this is not past the end.
        first = min(page.first, 10**9)
        rows = list(members.values_list(*columns, Counted(Member.objects.values("pk")))[first : first + PAGE_SIZE])
        total = rows[0][-1] if rows else members.count()
        return Response(page.enveloped([_user(*row[:-1]) for row in rows], total))

    def usergroups(self, request: Request) -> Response:
        return Response(self.success(data=[{"id": number, "name": name} for number, name in USERGROUPS.items()]))


def _user(
    number: int, first_name: str, last_name: str, role: str, email: str, phone: str, is_active: bool
) -> dict[str, Any]:
    return {
        "id": number,
        "first_name": first_name,
        "last_name": last_name,
        "usergroup": _GROUP_OF[Role(role)],
        "email": email,
        "phone": phone or None,
        "is_active": is_active,
    }


urlpatterns = [
    re_path(r"^users/?\Z", UserViewSet.as_view({"get": "list"})),
    re_path(r"^users/usergroups/?\Z", UserViewSet.as_view({"get": "usergroups"})),
]
