"""What a script makes easier in the portal; without it the same pages do the same."""

import pytest
from playwright.sync_api import expect

from support.models import Comment, Ticket
from tests.browser.conftest import PHONE
from tests.factories import ArticleFactory, PersonFactory, TicketFactory, UserFactory

pytestmark = [pytest.mark.real, pytest.mark.browser]
PNG = {"name": "screen.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"\0" * 2000}


@pytest.fixture
def ada(transactional_db):
    user = UserFactory(email="ada@example.com")
    return PersonFactory(name="Ada Lovelace", email=user.email, user=user)


@pytest.fixture
def page(phone, ada, sign_in):
    sign_in(phone, ada.user)
    return phone


def test_a_button_says_that_it_sends_and_can_be_pressed_again_by_who_comes_back(page, ada):
    ticket = TicketFactory(requester=ada)
    page.goto(f"/requests/{ticket.pk}/")
    page.get_by_label("Your answer").fill("It works again.")
    held = page.evaluate(
        """async () => {
            const form = document.querySelector("form[data-draft]");
            // Nothing is sent: the page stays, to be looked at.
            form.addEventListener("submit", (it) => it.preventDefault());
            const button = form.querySelector("button");
            button.click();
            button.click();
            await new Promise((done) => setTimeout(done, 50));
            const pressed = [button.disabled, button.textContent];
            window.dispatchEvent(new Event("pageshow"));
            return [pressed, [button.disabled, button.textContent]];
        }"""
    )

    assert held == [[True, "Sending…"], [False, "Send"]]


def test_a_double_click_sends_one_answer(page, ada):
    ticket = TicketFactory(requester=ada)
    page.goto(f"/requests/{ticket.pk}/")
    page.get_by_label("Your answer").fill("It works again.")

    page.get_by_role("button", name="Send").dblclick()

    expect(page.get_by_text("Your answer is with the service desk.")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value("")
    assert Comment.objects.filter(ticket=ticket).count() == 1


def test_short_answers_appear_while_one_types_and_go_again(page, shoot_both):
    ArticleFactory(title="Nothing comes out of the printer", is_published=True)
    ArticleFactory(title="A new password", is_published=True)
    page.goto("/report/?about=else")

    page.get_by_label("What is wrong?").type("The printer prints nothing")

    link = page.get_by_role("link", name="Nothing comes out of the printer")
    expect(link).to_be_visible()
    expect(link).to_have_attribute("target", "_blank")
    expect(page.get_by_role("link", name="A new password")).to_have_count(0)
    shoot_both(page, "suggested")
    page.get_by_label("What is wrong?").fill("My chair")
    expect(link).to_have_count(0)


def test_where_there_are_no_answers_to_be_had_nothing_is_said_of_it(page, faults):
    page.goto("/report/?about=else")
    page.route("**/help/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.get_by_label("What is wrong?").type("The printer")

    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="The printer")).to_be_visible()
    faults.clear()  # the browser itself says that the request failed


def test_files_are_named_and_one_that_is_too_large_is_told_before_it_is_sent(page, ada, shoot_both):
    ticket = TicketFactory(requester=ada)
    page.goto(f"/requests/{ticket.pk}/")
    field = page.get_by_label("Pictures or files")

    field.set_input_files([PNG])
    expect(page.get_by_text("screen.png, 2 kB")).to_be_visible()
    expect(page.get_by_text("too large")).to_have_count(0)
    page.evaluate("document.querySelector('input[type=file]').dataset.largest = 1024")
    field.set_input_files([PNG] * 2)

    expect(page.get_by_text("screen.png is too large: at most 1 kB are accepted.")).to_have_count(2)
    shoot_both(page, "too-large")
    field.set_input_files([])
    expect(page.get_by_text("screen.png")).to_have_count(0)


def test_what_was_typed_is_there_again_until_it_is_sent(page, ada):
    page.goto("/report/?about=else")
    page.get_by_label("What is wrong?").fill("The screen stays black")
    page.get_by_label("Tell us more").fill("Since noon.")
    page.goto("/")
    page.goto("/report/?about=else")
    expect(page.get_by_label("Tell us more")).to_have_value("Since noon.")

    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Tell us more")).to_have_value("Since noon.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. Your request is")).to_be_visible()
    page.goto("/report/?about=else")

    expect(page.get_by_label("Tell us more")).to_have_value("")
    assert Ticket.objects.get().description == "Since noon."


def test_an_answer_that_was_refused_is_kept_and_one_of_another_request_is_its_own(
    page, ada, faults
):
    first, second = TicketFactory.create_batch(2, requester=ada)
    page.goto(f"/requests/{first.pk}/")
    page.get_by_label("Your answer").fill("It works again.")
    page.context.clear_cookies()  # the session ended meanwhile
    page.evaluate("document.querySelector('form[data-draft] [name=csrfmiddlewaretoken]').remove()")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="This form is too old")).to_be_visible()
    faults.clear()

    assert page.evaluate("Object.values(sessionStorage)") == ['{"body":"It works again."}']
    assert second.comments.count() == first.comments.count() == 0


def test_who_signs_out_leaves_nothing_behind(page, ada):
    ticket = TicketFactory(requester=ada)
    page.goto(f"/requests/{ticket.pk}/")
    page.get_by_label("Your answer").fill("For you alone.")
    page.locator(".account summary").click()

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_without_javascript_the_same_answer_is_sent_with_its_file(new_page, ada, sign_in):
    ticket = TicketFactory(requester=ada)
    page = new_page(PHONE, java_script_enabled=False)
    sign_in(page, ada.user)
    page.goto(f"/requests/{ticket.pk}/")
    page.get_by_label("Your answer").fill("See here.")
    page.get_by_label("Pictures or files").set_input_files([PNG])

    page.get_by_role("button", name="Send").click()

    expect(page.get_by_text("Your answer is with the service desk.")).to_be_visible()
    expect(page.get_by_role("link", name="screen.png")).to_be_visible()
