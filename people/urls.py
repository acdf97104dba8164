"""The pages of allauth that are open: signing in and out, and one's own password.

Signing up, other addresses and resetting by link are closed: whoever forgot the password signs
in by a mailed code. Of OpenID Connect there is the way out and the way back; nothing is connected.
"""

from allauth.account import views
from django.urls import path

from people import oidc

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("login/code/", views.request_login_code, name="account_request_login_code"),
    path("login/code/confirm/", views.confirm_login_code, name="account_confirm_login_code"),
    path("logout/", views.logout, name="account_logout"),
    path("oidc/login/", oidc.login, name="oidc_login"),
    path("oidc/callback/", oidc.callback, name="oidc_callback"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
]
