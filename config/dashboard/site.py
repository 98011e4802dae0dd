"""The site at /admin/: open to members of an organization, and blind to everything outside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import ForeignKey
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

MOST_PALETTE_HITS = 10
# Shows a row of any table by its key, shared tables included, and we have no public pages to lead to.
_NOT_SERVED = frozenset({"view_on_site"})


class ForwardAutocompletion(AutocompleteJsonView):
    """Choices of a reference. Django's own also takes relations that lead the other way, and breaks on them."""

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, source_field, to_field = super().process_request(request)
        if not isinstance(source_field, ForeignKey):
            raise PermissionDenied
        return term, model_admin, source_field, to_field


class LatchkeyAdminSite(UnfoldAdminSite):
    """Entered with a session of a member; allauth does login, second factor, password and logout."""

    index_title = "Dashboard"

    def has_permission(self, request: HttpRequest) -> bool:
        return getattr(request, "authority", None) is not None

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        guarded = super().admin_view(view, cacheable)

        def without_nul(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # No stored text can hold NUL, and PostgreSQL refuses to compare with it.
            if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest("NUL in the address")
            return guarded(request, *args, **kwargs)

        return without_nul

    def get_urls(self) -> list[URLPattern]:
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in _NOT_SERVED]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        target = request.GET.get("next") or reverse("admin:index")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            target = reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            # Logging in again would lead right back here; that page says what is wrong.
            return redirect("accounts_organization")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")

    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = HttpResponseRedirect(reverse("account_logout"))
        # Keeps the method: the button's POST, with its CSRF token, is the confirmation allauth asks for.
        response.status_code = 307 if request.method == "POST" else 302
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("admin:index")

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return ForwardAutocompletion.as_view(admin_site=self)(request)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The command palette: a few hits of each resource the member may read.

        Unfold's own keeps results in a cache by user and words alone, so they would follow a person into another
        organization, and it reads every hit.
        """
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        results = [*self._pages_named(request, term), *self._rows_found(request, term)]
        is_palette = "extended" in request.GET
        template = "unfold/helpers/command_results.html" if is_palette else "unfold/helpers/search_results.html"
        paginator = Paginator(results, max(len(results), 1))
        context = {"page_obj": paginator, "results": paginator.page(1), "page_counter": 0, "execution_time": 0}
        return TemplateResponse(request, template, context, headers={"HX-Trigger": "search"})

    def _pages_named(self, request: HttpRequest, term: str) -> list[SearchResult]:
        return [
            SearchResult(title=str(model["name"]), description=str(app["name"]), link=model["admin_url"], icon="list")
            for app in self.get_app_list(request)
            for model in app["models"]
            if model["admin_url"] and term.lower() in str(model["name"]).lower()
        ]

    def _rows_found(self, request: HttpRequest, term: str) -> list[SearchResult]:
        results = []
        for model, model_admin in self._registry.items():
            if not getattr(model_admin, "in_palette", False) or not model_admin.has_view_permission(request):
                continue
            queryset, _ = model_admin.get_search_results(request, model_admin.get_queryset(request), term)
            name = f"{self.name}:{model._meta.app_label}_{model._meta.model_name}_change"
            results += [
                SearchResult(
                    title=str(row),
                    description=str(model._meta.verbose_name).capitalize(),
                    link=reverse(name, args=[row.pk]),
                    icon=getattr(model_admin, "palette_icon", "description"),
                )
                for row in queryset[:MOST_PALETTE_HITS]
            ]
        return results


site = LatchkeyAdminSite(name="admin")
# Deleting goes through a service, with the words of the resource.
site.disable_action("delete_selected")
