"""The viewset of the third API: nested serializers, prefetched, and written the way their documentation shows."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import pagination, serializers, viewsets
from rest_framework.filters import SearchFilter

from benchmarks.textbook.api import OwnOrganization
from benchmarks.textbook.models import Client, ClientDetail, ClientEmail, ClientPhone, ClientValue


class PhoneSerializer(serializers.ModelSerializer):
    """One of the phones."""

    class Meta:
        model = ClientPhone
        fields = ["type", "number", "notes"]


class EmailSerializer(serializers.ModelSerializer):
    """One of the addresses."""

    class Meta:
        model = ClientEmail
        fields = ["type", "email_address", "notes"]


class DetailSerializer(serializers.ModelSerializer):
    """Somebody to speak to."""

    class Meta:
        model = ClientDetail
        fields = ["first_name", "last_name", "mobile", "email", "notes"]


class ValueSerializer(serializers.ModelSerializer):
    """The value of a field of the team's own."""

    class Meta:
        model = ClientValue
        fields = ["custom_field", "value"]


class ClientSerializer(serializers.ModelSerializer):
    """The documented keys, as columns are written."""

    organization = serializers.HiddenField(default=OwnOrganization())
    phones = PhoneSerializer(many=True, required=False)
    emails = EmailSerializer(many=True, required=False)
    contact_details = DetailSerializer(many=True, required=False)
    custom_fields = ValueSerializer(many=True, required=False)

    class Meta:
        model = Client
        fields = [
            "organization", "id", "first_name", "last_name", "source", "is_lead", "is_company", "company_name", "phones",
            "emails", "notes", "custom_fields", "contact_details", "tags", "date_created", "created_by", "users",
            "date_updated", "date_converted_to_client",
        ]  # fmt: skip
        read_only_fields = ["created_by", "date_converted_to_client"]

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Client:
        lists = {
            name: validated_data.pop(name, []) for name in ("phones", "emails", "contact_details", "custom_fields")
        }
        client = super().create(validated_data)
        for name, entries in lists.items():
            for entry in entries:
                getattr(client, name).create(**entry)
        return client


class ClientFilters(filters.FilterSet):
    """The documented range."""

    class Meta:
        model = Client
        fields = {"date_created": ["gte", "lt"]}


class ClientPages(pagination.PageNumberPagination):
    """Pages of fifty and the exact count."""

    page_size = 50


class ClientViewSet(viewsets.ModelViewSet):
    """List, search, read, create, change and delete clients."""

    serializer_class = ClientSerializer
    filterset_class = ClientFilters
    pagination_class = ClientPages
    filter_backends = [filters.DjangoFilterBackend, SearchFilter]
    search_fields = ["first_name", "last_name", "emails__email_address", "phones__number"]

    def get_queryset(self) -> QuerySet[Client]:
        own = Client.objects.filter(organization=self.request.user.organization_id)
        return own.prefetch_related("phones", "emails", "contact_details", "custom_fields", "tags", "users")

    def perform_create(self, serializer: ClientSerializer) -> None:
        serializer.save(created_by=self.request.user)
