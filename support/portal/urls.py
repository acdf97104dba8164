"""What an employee can open."""

from django.urls import path

from support.portal import (
    absences,
    alert_settings,
    alerts,
    approving,
    asking,
    calendar,
    handovers,
    help,
    labels,
    reporting,
    requests,
    stocktake,
    views,
)

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("a/<path:tag>/", labels.scanned, name="scanned"),
    path("absences/", absences.absences_, name="absences"),
    path("absences/<int:pk>/cancel/", absences.cancel, name="cancel_absence"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/settings/", alert_settings.settings, name="alert_settings"),
    path("alerts/about/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<str:token>/", alerts.link, name="alert_link"),
    path("approvals/", approving.approvals_, name="approvals"),
    path("approvals/<int:pk>/", approving.approval, name="approval"),
    path("ask/", asking.offers, name="offers"),
    path("ask/<int:pk>/", asking.ask, name="ask"),
    path("ask/<int:pk>/picture/", asking.picture, name="offer_picture"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("equipment/", views.equipment, name="equipment"),
    path("equipment/<int:pk>/report/", reporting.report, name="report_device"),
    path("handovers/<int:pk>/", handovers.handover, name="handover"),
    path("handovers/<int:pk>/note/", handovers.note, name="handover_note"),
    path("help/", help.articles_, name="articles"),
    path("help/<int:pk>/", help.article, name="article"),
    path("help/<int:pk>/helped/", help.helped, name="helped"),
    path("report/", reporting.report, name="report"),
    path("stocktake/", stocktake.confirm, name="stocktake"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<int:pk>/", requests.request_, name="request"),
    path("requests/<int:pk>/files/<int:document>/", requests.file, name="request_file"),
    path("requests/<int:pk>/follow/", requests.follow, name="follow"),
    path("requests/<int:pk>/rate/", requests.rate, name="rate"),
    path("requests/<int:pk>/unfollow/", requests.unfollow, name="unfollow"),
    path("requests/<int:pk>/withdraw/", asking.withdraw, name="withdraw"),
]
