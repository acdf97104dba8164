"""Trees of places, departments and managers: none ends up inside itself, whichever way it comes."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.urls import reverse

from people import places
from people.models import Department, Location
from tests.factories import DepartmentFactory, LocationFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(client, it):
    client.force_login(it)

    def posted(record, **fields):
        address = reverse(f"admin:people_{record._meta.model_name}_change", args=[record.pk])
        form = client.get(address).context["adminform"].form
        shown = {name: form[name].value() for name in form.fields}
        given = {name: value for name, value in {**shown, **fields}.items() if value is not None}
        return client.post(address, given, follow=True)

    return posted


@pytest.mark.parametrize(
    ("factory", "step", "words"),
    [
        (DepartmentFactory, "parent", "is part of"),
        (PersonFactory, "manager", "answers to"),
        (LocationFactory, "parent", "lies inside"),
    ],
)
def test_nothing_is_put_below_what_lies_below_it(change, factory, step, words):
    top = factory()
    middle = factory(**{step: top})
    low = factory(**{step: middle})

    page = change(top, **{step: low.pk}).content.decode()

    assert f"{low} {words} {top}." in page
    top.refresh_from_db()
    assert getattr(top, step) is None


def test_a_circle_that_is_there_already_is_walked_once():
    ada, bob, eve = PersonFactory(), PersonFactory(), PersonFactory()
    ada.manager, bob.manager = bob, ada
    ada.save()
    bob.save()
    assert not places.is_above(eve, ada, "manager")
    assert places.is_above(bob, ada, "manager")


def test_a_place_that_was_moved_the_other_way_a_moment_before_is_refused_in_words(
    change, monkeypatch
):
    top = LocationFactory()
    low = LocationFactory(parent=top)
    # What the form finds is right; under the lock it is so no more.
    checks = iter([lambda *args: None, places.check_outside])
    monkeypatch.setattr(places, "check_outside", lambda *args: next(checks)(*args))

    page = change(top, parent=low.pk).content.decode()

    assert f"{low} lies inside {top}." in page
    assert Location.objects.get(pk=top.pk).parent is None


def test_what_came_into_use_before_it_was_deleted_stays_and_says_so(client, superuser, monkeypatch):
    client.force_login(superuser)
    used, free = DepartmentFactory(), DepartmentFactory()
    PersonFactory(department=used)
    checked = "django.contrib.admin.options.ModelAdmin.get_deleted_objects"
    monkeypatch.setattr(checked, lambda *args: ([], {}, set(), []))
    chosen = {"action": "delete_selected", "_selected_action": [free.pk, used.pk], "post": "yes"}

    page = client.post(reverse("admin:people_department_changelist"), chosen, follow=True)

    [message] = page.context["messages"]
    assert str(message) == "Nothing is deleted. Records that need it came meanwhile: 1."
    assert Department.objects.count() == 2


def test_what_is_in_use_is_protected_by_the_database_too():
    department = DepartmentFactory()
    PersonFactory(department=department)
    with pytest.raises(ProtectedError):
        department.delete()


def test_settling_a_place_inside_itself_is_refused():
    top = LocationFactory()
    top.parent = LocationFactory(parent=top)
    with pytest.raises(ValidationError, match=r"lies inside"):
        places.settle(top, by=None, reason="moved")
