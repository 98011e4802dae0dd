"""Every address Latchkey answers."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
