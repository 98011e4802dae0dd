"""The viewsets of two of the APIs, with what REST framework, django-filter and taggit bring."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import pagination, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.filters import SearchFilter
from rest_framework.request import Request
from rest_framework.response import Response
from taggit.serializers import TaggitSerializer, TagListSerializerField

from benchmarks.textbook.models import Contact, Person


class ContactFilters(filters.FilterSet):
    """The documented filters."""

    tags = filters.CharFilter(field_name="tags__name")

    class Meta:
        model = Contact
        fields = {
            "type": ["exact"],
            "status": ["exact"],
            "source": ["exact"],
            "assigned_to": ["exact"],
            "lead_score": ["gte", "lte"],
            "created_at": ["gte", "lte"],
        }


class OwnOrganization:
    """The organization of whoever asks."""

    requires_context = True

    def __call__(self, field):
        return field.context["request"].user.organization


class ContactSerializer(TaggitSerializer, serializers.ModelSerializer):
    """Every column, and the names of the tags. One contact per address: REST framework checks the constraint."""

    organization = serializers.HiddenField(default=OwnOrganization())
    tags = TagListSerializerField(required=False)

    class Meta:
        model = Contact
        fields = "__all__"


class ContactPages(pagination.PageNumberPagination):
    """Page numbers and the exact count."""

    page_size = 25
    max_page_size = 100
    page_size_query_param = "page_size"


class ContactViewSet(viewsets.ModelViewSet):
    """List, read, create, change and delete contacts."""

    serializer_class = ContactSerializer
    filterset_class = ContactFilters
    pagination_class = ContactPages
    ordering_fields = "__all__"

    def get_queryset(self) -> QuerySet[Contact]:
        return Contact.objects.filter(organization=self.request.user.organization_id).prefetch_related("tags")

    @action(detail=False, methods=["patch"])
    def bulk(self, request: Request) -> Response:
        """The same change to each of the contacts."""
        contacts = self.get_queryset().filter(pk__in=request.data["ids"])
        for contact in contacts:
            serializer = self.get_serializer(contact, data=request.data["updates"], partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response({"updated": len(contacts)})


class PersonFilters(filters.FilterSet):
    """The documented filters; the search is REST framework's."""

    class Meta:
        model = Person
        fields = ["status", "role", "channel"]


class PersonSerializer(serializers.ModelSerializer):
    """The documented keys, as columns are written."""

    organization = serializers.HiddenField(default=OwnOrganization())
    id = serializers.UUIDField(source="uuid", read_only=True)

    class Meta:
        model = Person
        fields = [
            "organization", "id", "name", "email", "phone", "status", "role", "channel", "source", "referral_source",
            "language", "notes", "applied_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["applied_at"]
        extra_kwargs = {"notes": {"write_only": True}}


class PersonPages(pagination.PageNumberPagination):
    """Page numbers and the exact count."""

    page_size = 20
    max_page_size = 100
    page_size_query_param = "limit"


class PersonViewSet(viewsets.ModelViewSet):
    """List, search, read, create, change and delete people."""

    serializer_class = PersonSerializer
    filterset_class = PersonFilters
    pagination_class = PersonPages
    filter_backends = [filters.DjangoFilterBackend, SearchFilter]
    search_fields = ["name", "email", "phone"]
    lookup_field = "uuid"

    def get_queryset(self) -> QuerySet[Person]:
        return Person.objects.filter(organization=self.request.user.organization_id)
