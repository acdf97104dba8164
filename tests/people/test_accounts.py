"""Signing in, by password and by mailed code, and everybody who may not."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from config import settings as shipped
from people import outbox
from people.models import Message, Person, User
from tests.factories import PersonFactory, UserFactory

pytestmark = pytest.mark.django_db

LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"
WRONG = "are not correct"


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet():
    cache.clear()


def sign_in(client, email, password="correct horse", **fields):
    return client.post(LOGIN, {"login": email, "password": password, **fields})


def signed_in(client):
    return "_auth_user_id" in client.session


def mailed_code(client, email):
    client.post(CODE, {"email": email})
    return re.search(r"^([0-9A-Z]{3,}-?[0-9A-Z]*)$", Message.objects.latest("pk").text, re.M)[1]


def plain(response):
    """A page without what differs from one showing to the next."""
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', "", response.content.decode())


def test_an_employee_signs_in_by_password_and_lands_in_the_portal(client, employee):
    response = sign_in(client, employee.email)

    assert (response.status_code, response.url) == (302, "/")
    assert signed_in(client)


def test_staff_land_in_the_back_office(client, it):
    assert sign_in(client, it.email.upper()).url == "/admin/"


def test_a_person_without_a_login_signs_in_by_a_mailed_code(client):
    ada = PersonFactory(name="Ada", email="Ada@example.com")

    code = mailed_code(client, "ada@EXAMPLE.com")
    response = client.post(CONFIRM, {"code": code})

    assert (response.status_code, response.url) == (302, "/")
    ada.refresh_from_db()
    assert client.session["_auth_user_id"] == str(ada.user.pk)
    assert not ada.user.has_usable_password()
    assert not ada.user.is_staff
    assert ada.history.latest().history_change_reason == "first sign-in to the portal"


def test_a_code_opens_one_session_once(client, employee):
    code = mailed_code(client, employee.email)
    client.post(CONFIRM, {"code": code})

    again = Client()
    again.post(CODE, {"email": employee.email})

    assert again.post(CONFIRM, {"code": code}).status_code == 200
    assert not signed_in(again)


def test_a_wrong_code_is_refused_and_the_third_ends_it(client, employee):
    code = mailed_code(client, employee.email)

    for _ in range(3):
        client.post(CONFIRM, {"code": "WRONG"})

    assert client.post(CONFIRM, {"code": code}).status_code == 302
    assert not signed_in(client)


def test_an_old_code_is_refused(client, employee, time_machine):
    code = mailed_code(client, employee.email)
    time_machine.move_to(timezone.now() + timedelta(minutes=11))

    client.post(CONFIRM, {"code": code})

    assert not signed_in(client)


def test_the_code_is_a_confidential_mail_of_the_outbox(
    client, employee, administrator, it, settings
):
    mailed_code(client, employee.email)

    message = Message.objects.get()
    assert message.recipient == employee
    assert message.is_confidential
    assert outbox.may_read(message, administrator)
    assert not outbox.may_read(message, it)
    settings.MAIL_IS_SENT = True
    assert not outbox.may_read(message, administrator)


def test_known_and_unknown_addresses_get_the_same_answers(employee):
    answers = []
    for email in (employee.email, "nobody@example.com"):
        client = Client()
        asked = client.post(CODE, {"email": email})
        shown = client.get(asked.url)
        refused = client.post(CONFIRM, {"code": "WRONG"})
        pages = (plain(page).replace(email, "@") for page in (shown, refused))
        answers.append((asked.status_code, asked.url, refused.status_code, *pages))

    assert answers[0] == answers[1]
    assert Message.objects.count() == 1


def test_a_wrong_password_and_an_unknown_address_look_the_same(employee):
    pages = []
    for email in (employee.email, "nobody@example.com"):
        response = sign_in(Client(), email, "wrong")
        assert WRONG in response.content.decode()
        pages.append((response.status_code, plain(response).replace(email, "@")))

    assert pages[0] == pages[1]


def test_the_sixth_wrong_password_locks_the_address_out(employee):
    for _ in range(5):
        sign_in(Client(), employee.email, "wrong")

    client = Client()
    response = sign_in(client, employee.email)

    assert "Too many failed" in response.content.decode()
    assert not signed_in(client)


def test_a_lockout_of_one_address_bars_nobody_else(employee, it):
    for _ in range(5):
        sign_in(Client(), employee.email, "wrong")

    other = Client(REMOTE_ADDR="192.0.2.7")

    assert sign_in(other, it.email).status_code == 302


def test_a_lock_stays_however_much_else_is_remembered(client, it, settings):
    settings.CACHES = shipped.CACHES
    for _ in range(6):
        sign_in(client, it.email, "wrong")
    for number in range(400):
        cache.set(f"form:{number}", True, 24 * 3600)
    assert "Too many failed" in sign_in(client, it.email).content.decode()


def test_asking_for_codes_is_limited_per_address(client, employee):
    for _ in range(4):
        response = Client().post(CODE, {"email": employee.email})

    assert "Too many" in response.content.decode()
    assert Message.objects.count() == 3


def test_trying_very_often_is_answered_in_our_words():
    client = Client()
    for _ in range(31):
        response = client.post(LOGIN, {"login": "", "password": ""})

    assert response.status_code == 429
    assert "Please wait a few minutes" in response.content.decode()


def test_a_leaver_signs_in_neither_by_password_nor_by_code(client, employee):
    employee.leaves_on = timezone.localdate() - timedelta(days=1)
    employee.save()

    response = sign_in(client, employee.email)
    client.post(CODE, {"email": employee.email})

    assert WRONG in response.content.decode()
    assert not Message.objects.exists()


def test_the_last_day_still_counts(client, employee):
    employee.leaves_on = timezone.localdate()
    employee.save()

    assert sign_in(client, employee.email).status_code == 302


def test_a_leaver_loses_his_session_with_the_next_request(client, employee):
    sign_in(client, employee.email)
    employee.leaves_on = timezone.localdate() - timedelta(days=1)
    employee.save()

    assert client.get("/").url.startswith(LOGIN)


def test_a_login_that_is_switched_off_loses_its_session(client, it):
    sign_in(client, it.email)
    it.is_active = False
    it.save()

    assert client.get("/admin/").status_code == 302
    assert client.get("/").url.startswith(LOGIN)
    assert WRONG in sign_in(Client(), it.email).content.decode()
    Client().post(CODE, {"email": it.email})
    assert not Message.objects.exists()


def test_a_shared_mailbox_gets_no_code(client):
    PersonFactory(kind=Person.Kind.SHARED, email="it@example.com")

    client.post(CODE, {"email": "it@example.com"})

    assert not Message.objects.exists()
    assert not User.objects.exists()


def test_another_address_in_an_administrators_record_does_not_open_his_login(client, administrator):
    person = administrator.person
    person.email = "attacker@example.com"
    person.save()

    client.post(CODE, {"email": "attacker@example.com"})
    client.post(CODE, {"email": administrator.email})

    assert not Message.objects.exists()


def test_a_login_of_the_back_office_without_a_person_is_opened_by_a_mailed_code(client):
    user = UserFactory(email="new@example.com", is_staff=True)

    code = mailed_code(client, "new@EXAMPLE.com")
    assert Message.objects.get().is_confidential
    assert client.post(CONFIRM, {"code": code}).url == "/admin/"
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("fields", [{"leaves_on": date(2020, 1, 1)}, {"kind": Person.Kind.SHARED}])
def test_a_login_beside_one_who_left_or_a_shared_mailbox_gets_no_code(client, fields):
    PersonFactory(email="old@example.com", **fields)
    UserFactory(email="old@example.com", is_staff=True)

    client.post(CODE, {"email": "old@example.com"})

    assert not Message.objects.exists()


def test_an_employee_whose_address_changed_signs_in_by_the_new_one(client, employee):
    employee.email = "married@example.com"
    employee.save()

    client.post(CONFIRM, {"code": mailed_code(client, "married@example.com")})

    assert client.session["_auth_user_id"] == str(employee.user.pk)


def test_a_person_with_the_address_of_a_login_of_somebody_else_gets_no_code(client, administrator):
    email = administrator.email
    Person.objects.filter(pk=administrator.person.pk).update(email="elsewhere@example.com")
    PersonFactory(email=email)

    client.post(CODE, {"email": email})

    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/reauthenticate/",
        "/accounts/social/connections/",
    ],
)
def test_what_is_not_needed_is_closed(client, employee, address):
    assert client.get(address).status_code == 404
    assert client.post(address, {"email": "new@example.com"}).status_code == 404
    client.force_login(employee.user)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("way", ["/admin/login/", "/admin/login/?next=/admin/people/"])
def test_the_stock_form_of_the_admin_signs_nobody_in(client, it, way):
    response = client.post(way, {"username": it.email, "password": "correct horse"})

    assert response.status_code == 302
    assert response.url.startswith(LOGIN)
    assert not signed_in(client)


def test_the_admin_sends_to_sign_in_and_back(client, it):
    page = client.get("/admin/support/ticket/", follow=True)
    assert page.redirect_chain[-1][0].startswith(LOGIN)

    response = sign_in(client, it.email, next="/admin/support/ticket/")

    assert response.url == "/admin/support/ticket/"


def test_an_employee_is_refused_at_the_admin(client, employee):
    client.force_login(employee.user)

    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", r"\\evil.example", "https:evil", "/\tevil"]
)
def test_signing_in_and_out_leads_nowhere_else(client, employee, target):
    entered = sign_in(client, employee.email, next=target)
    left = client.post("/accounts/logout/", {"next": target})

    assert entered.url in ("/", "/\tevil", "/%09evil")
    assert "evil" not in left.url.replace("/\tevil", "").replace("/%09evil", "")


def test_signing_out_takes_a_post(client, employee):
    client.force_login(employee.user)

    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    assert client.post("/accounts/logout/").url == LOGIN
    assert not signed_in(client)


@pytest.mark.parametrize("address", [LOGIN, CODE, "/accounts/logout/"])
def test_no_form_is_taken_without_its_token(employee, address):
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(address, {"login": employee.email, "password": "correct horse"})

    assert response.status_code == 403


def test_the_key_of_the_session_changes_at_sign_in(client, employee):
    code = mailed_code(client, employee.email)
    before = client.session.session_key

    client.post(CONFIRM, {"code": code})

    assert signed_in(client)
    assert client.session.session_key != before


def test_who_asked_for_a_code_may_turn_to_his_password_instead(client, employee):
    mailed_code(client, employee.email)
    assert client.get(LOGIN).url == CONFIRM

    assert client.post("/accounts/logout/", {"next": LOGIN}).url == LOGIN

    assert client.get(LOGIN).status_code == 200
    assert sign_in(client, employee.email).url == "/"


def test_a_changed_password_ends_the_other_sessions(client, employee):
    other = Client()
    for one in (client, other):
        one.force_login(employee.user)
    new = "a much longer horse"

    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": "correct horse", "password1": new, "password2": new},
    )

    assert response.status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_who_has_no_password_sets_one(client):
    ada = PersonFactory(email="ada@example.com")
    client.post(CONFIRM, {"code": mailed_code(client, ada.email)})
    new = "a much longer horse"

    assert client.get("/accounts/password/change/").url == "/accounts/password/set/"
    client.post("/accounts/password/set/", {"password1": new, "password2": new})

    assert sign_in(Client(), ada.email, new).status_code == 302


@pytest.mark.parametrize("address", [LOGIN, CODE])
def test_the_doors_have_the_strict_policy_too(client, address):
    assert "unsafe" not in client.get(address).headers["Content-Security-Policy"]
