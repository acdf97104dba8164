"""The whole address space: the back office, signing in, health, calendars, and the portal."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("people.urls")),
    path("", include("people.health")),
    path("", include("contracts.urls")),
    path("", include("support.urls")),
]
