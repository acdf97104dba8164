"""The addresses that need no sign-in: calendars, which their secret opens."""

from django.urls import path

from contracts import views

app_name = "contracts"
urlpatterns = [path("calendar/<str:token>.ics", views.calendar, name="calendar")]
