"""The whole address space: the back office, signing in, and the portal."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("people.urls")),
    path("", include("support.urls")),
]
