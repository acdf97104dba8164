"""What the pages of the back office share."""

from django.urls import reverse

WORDS = "admin:jsi18n"


def test_the_words_of_the_scripts_are_asked_for_once_an_hour(client, it):
    client.force_login(it)

    response = client.get(reverse(WORDS))

    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "private, max-age=3600"


def test_who_is_sent_to_sign_in_instead_is_not_sent_there_for_an_hour(client):
    response = client.get(reverse(WORDS))

    assert response.status_code == 302
    assert not response.has_header("Cache-Control") or "max-age=0" in response["Cache-Control"]
