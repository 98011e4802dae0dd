"""System checks: misconfiguration speaks at boot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from accounts.tenancy import BaseTenantManager, TenantModel


@register("tenancy")
def check_tenant_models(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """accounts.E001: a tenant model whose default or base manager would see other organizations."""
    return [
        Error(
            f"{model._meta.label} can be read outside the tenant fence.",
            hint="Inherit Meta from TenantModel.Meta and keep `objects` a TenantManager.",
            obj=model,
            id="accounts.E001",
        )
        for model in apps.get_models()
        if issubclass(model, TenantModel) and not _is_fenced(model)
    ]


def _is_fenced(model: type[models.Model]) -> bool:
    managers = (model._default_manager, model._base_manager)
    return all(isinstance(manager, BaseTenantManager) for manager in managers)
