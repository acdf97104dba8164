"""What an employee sees of his seats: the product and since when, and nobody else's."""

import pytest
from django.utils import timezone

from tests.factories import LicenceFactory, ProductFactory, SeatFactory

pytestmark = pytest.mark.django_db
CANARY = "CANARY-LICENCE"


def licence(name, **fields):
    product = ProductFactory(maker=None, name=name)
    return LicenceFactory(product=product, number=f"{CANARY}-{name}", plan="Secret plan", **fields)


def test_an_employee_sees_the_products_he_has_a_seat_of_and_since_when(client, employee):
    SeatFactory(person=employee, licence=licence("Drawing", key="K-1"), since="2024-05-31")
    SeatFactory(person=employee, licence=licence("Past"), since="2024-01-01", until="2024-02-01")
    SeatFactory(licence=licence("Another person's"))
    client.force_login(employee.user)

    text = client.get("/equipment/").content.decode()

    assert "My software" in text
    assert "Drawing" in text
    assert "31 May 2024" in text
    for hidden in (CANARY, "Secret plan", "K-1", "Past", "Another person"):
        assert hidden not in text


def test_who_has_none_is_shown_no_empty_list(client, employee):
    SeatFactory(licence=licence("Drawing"), since=timezone.localdate())
    client.force_login(employee.user)
    assert "My software" not in client.get("/equipment/").content.decode()


def test_the_queries_do_not_grow_with_the_seats(client, employee, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(employee.user)

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get("/equipment/")
        return len(captured)

    SeatFactory(person=employee)
    count()
    few = count()
    SeatFactory.create_batch(5, person=employee)
    assert count() == few
