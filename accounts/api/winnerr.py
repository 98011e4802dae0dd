"""Winnerr's tokens and agents. Its own documentation leaves both to a hosted identity provider (CONTRACTS 1.2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import re_path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.exceptions import LoginRefused, NotAuthenticated
from accounts.identifiers import public_id
from accounts.models import Member
from accounts.network import client_address
from accounts.ordering import SortKey
from accounts.roles import Right, Role
from accounts.services import SessionTokens
from accounts.tenancy import current_organization, current_organization_id, tenant_scope
from config.wires.base import PUBLIC
from config.wires.fields import Document, Documents, Text, WireField, seconds, validated
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.operations import Answer, Operation
from config.wires.openapi.shapes import EMAIL, MOMENT, TEXT, closed, described, identifier, nullable, one_of, whole
from config.wires.openapi.winnerr import AGENTS, AUTHENTICATION, MESSAGE, page_parameters, success, success_page
from config.wires.pages import cursor_page, limit_of
from config.wires.problems import Problem
from config.wires.strict_json import object_of
from config.wires.winnerr import WinnerrViewSet

DEFAULT_LIMIT = LARGEST_LIMIT = 100


class Secret(Text):
    """A password or token, taken as it is: blanks at its ends belong to it."""

    shape = {"format": "password", "minLength": 1}

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(maximum=4_096, required=required, trim=False)


class Login(Document):
    """What a person proves themselves with."""

    email = Text(254, required=True)
    password = Secret()
    otp = Text(32)
    organization = Text(100)


class Refresh(Document):
    """The token that asks for another pair."""

    refreshToken = Secret()


_TOKENS = success(
    "TokensResponse",
    closed(
        {
            "accessToken": described(TEXT, "For `Authorization: Bearer`."),
            "refreshToken": described(TEXT, "Good once, for the next pair."),
            "expiresIn": described(whole(1, 86_400), "Seconds until the access token is no longer good."),
        }
    ),
)
_REFRESH = sent_document("RefreshToken", Refresh(), prose={})
_BAD_LOGIN = Problem(kind="bad_login", status=401)
TOKEN_OPERATIONS = {
    "obtain": Operation(
        name="logIn",
        tag=AUTHENTICATION,
        summary="Log in",
        body=sent_document(
            "Login",
            Login(),
            prose={
                "otp": "The code of a person's second factor, if they have one.",
                "organization": "The organization's slug, for a member of several.",
            },
        ),
        body_examples={
            "agent": {"email": "tomas@harbour-lane.example", "password": "lantern-by-the-door"},
        },
        answer=Answer(description="A pair of tokens.", shape=_TOKENS),
        refusals=(_BAD_LOGIN,),
    ),
    "refresh": Operation(
        name="refreshTokens",
        tag=AUTHENTICATION,
        summary="Exchange a refresh token for a new pair",
        description="A token that is presented a second time ends the session: somebody else has it too.",
        body=_REFRESH,
        answer=Answer(description="A new pair; the old refresh token is spent.", shape=_TOKENS),
        refusals=(Problem(kind="unauthenticated", status=401),),
    ),
    "revoke": Operation(
        name="logOut",
        tag=AUTHENTICATION,
        summary="Log out",
        description="Ends the session. A token nobody knows is as good as revoked.",
        body=_REFRESH,
        answer=Answer(
            description="The session is over.",
            shape=MESSAGE,
            examples={"revoked": {"success": True, "message": "Session revoked successfully"}},
        ),
    ),
}


class TokenViewSet(WinnerrViewSet):
    """Log in, stay logged in, log out."""

    grants = {"obtain": PUBLIC, "refresh": PUBLIC, "revoke": PUBLIC}
    operations = TOKEN_OPERATIONS

    def obtain(self, request: Request) -> Response:
        accepted = validated(Login(data=object_of(request.data)))
        try:
            user = services.check_password_login(
                accepted["email"],
                accepted["password"],
                accepted.get("otp") or None,
                client=client_address(_plain(request)),
            )
        except NotAuthenticated as error:
            raise LoginRefused from error
        membership = services.choose_membership(user, accepted.get("organization") or None)
        with tenant_scope(membership.organization_id):
            member = Member.objects.get(pk=membership.member_id)
            return Response(self.success(_tokens(services.open_session(member))))

    def refresh(self, request: Request) -> Response:
        accepted = validated(Refresh(data=object_of(request.data)))
        return Response(self.success(_tokens(services.refresh_session(accepted["refreshToken"]))))

    def revoke(self, request: Request) -> Response:
        """Ends the session; a token nobody knows is as good as revoked (RFC 7009)."""
        accepted = validated(Refresh(data=object_of(request.data)))
        services.end_session(accepted["refreshToken"])
        return Response({"success": True, "message": "Session revoked successfully"})


def _plain(request: Request) -> HttpRequest:
    return request._request


def _tokens(tokens: SessionTokens) -> dict[str, Any]:
    return {
        "accessToken": tokens.access_token,
        "refreshToken": tokens.refresh_token,
        "expiresIn": tokens.expires_in,
    }


def _agent_id(uuid: UUID) -> str:
    return public_id("agent", uuid)


AGENT_FIELDS: tuple[WireField, ...] = (
    WireField("id", ("uuid",), _agent_id, prints=identifier("agent")),
    WireField("organizationId", (), lambda: current_organization().public_id, prints=identifier("org")),
    WireField("firstName", ("first_name",), lambda name: name or None, prints=nullable(TEXT)),
    WireField("lastName", ("last_name",), lambda name: name or None, prints=nullable(TEXT)),
    WireField("email", ("user__email",), str, prints=EMAIL),
    WireField("phone", ("phone",), lambda phone: phone or None, prints=nullable(TEXT)),
    WireField("role", ("role",), str.upper, prints=one_of(*(role.upper() for role in Role.values))),
    WireField("createdAt", ("created_at",), seconds, prints=MOMENT),
)
AGENT_DOCUMENTS = Documents(AGENT_FIELDS)
ORDER = (SortKey("number", descending=False),)

AGENT = printed_document("Agent", AGENT_FIELDS, prose={"role": "What the member may do; see the organization's roles."})
AGENT_OPERATIONS = {
    "list": Operation(
        name="listAgents",
        tag=AGENTS,
        summary="List the agents",
        description="The organization's active members, in the order they joined.",
        query=page_parameters(default=DEFAULT_LIMIT, largest=LARGEST_LIMIT),
        answer=Answer(description="A page of agents.", shape=success_page("AgentListResponse", AGENT)),
    ),
    "me": Operation(
        name="getMe",
        tag=AGENTS,
        summary="Read the agent the token acts for",
        answer=Answer(description="The agent.", shape=success("AgentResponse", AGENT)),
    ),
}


class AgentViewSet(WinnerrViewSet):
    """Those a contact can be assigned to: the organization's active members."""

    grants = {"list": Right.READ_MEMBERS, "me": Right.READ_MEMBERS}
    operations = AGENT_OPERATIONS

    def get_queryset(self) -> QuerySet[Member]:
        return Member.objects.filter(is_active=True)

    def list(self, request: Request) -> Response:
        query = request.query_params
        limit = limit_of(query.get("limit", ""), default=DEFAULT_LIMIT, largest=LARGEST_LIMIT)
        page = cursor_page(
            self.get_queryset(),
            AGENT_DOCUMENTS.columns,
            ORDER,
            limit=limit,
            cursor=query.get("cursor", ""),
            binding=f"agents|{current_organization_id()}",
            kind_of=lambda column: int,
        )
        agents = AGENT_DOCUMENTS.documents(page.rows)
        return Response(self.success(agents, pagination=page.pagination()))

    def me(self, request: Request) -> Response:
        """The member the token acts for."""
        row = Member.objects.filter(pk=self.authority.member_id).values_list(*AGENT_DOCUMENTS.columns).get()
        return Response(self.success(AGENT_DOCUMENTS.document(row)))


urlpatterns = [
    re_path(r"^auth/token/?$", TokenViewSet.as_view({"post": "obtain"})),
    re_path(r"^auth/refresh/?$", TokenViewSet.as_view({"post": "refresh"})),
    re_path(r"^auth/revoke/?$", TokenViewSet.as_view({"post": "revoke"})),
    re_path(r"^agents/?$", AgentViewSet.as_view({"get": "list"})),
    re_path(r"^agents/me/?$", AgentViewSet.as_view({"get": "me"})),
]
