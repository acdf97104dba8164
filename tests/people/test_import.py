import pytest
from django.core.exceptions import ValidationError

from people.models import Department, Location, Person
from tests.factories import DepartmentFactory, LocationFactory, PersonFactory
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db

HEADER = ["Name", "E-mail", "Department", "Manager"]


def test_people_are_made_with_the_actor_and_the_reason_in_their_history(it):
    sales = DepartmentFactory(name="Sales")

    report = load(
        "people", HEADER, ["Ada", "ada@example.com", "sales", ""], by=it, name="staff.csv"
    )

    ada = Person.objects.get(email="ada@example.com")
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert ada.department == sales
    version = ada.history.get()
    assert (version.history_user, version.history_change_reason) == (it, "imported from staff.csv")


def test_the_same_file_twice_changes_nothing_and_writes_no_history():
    rows = [HEADER, ["Ada", "ada@example.com", "", ""], ["Bob", "bob@example.com", "", "Ada"]]
    load("people", *rows)

    report = load("people", *rows)

    assert report.summary == "0 created, 0 updated, 2 unchanged, 0 refused"
    assert Person.history.count() == 2


def test_a_changed_cell_updates_its_record_and_a_blank_one_leaves_it():
    ada = PersonFactory(name="Ada", email="ada@example.com", title="Clerk", phone="1")

    report = load("people", ["email", "title", "phone"], ["ADA@example.com", "Head", ""])

    ada.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert (ada.title, ada.phone) == ("Head", "1")
    # The address itself is written another way, and so it changes too.
    told = [(change.field, change.before, change.after) for change in report.changes]
    assert told == [
        ("e-mail", "ada@example.com", "ADA@example.com"),
        ("title", "Clerk", "Head"),
    ]


def test_a_manager_may_stand_in_a_later_row():
    load("people", HEADER, ["Bob", "b@example.com", "", "Ada"], ["Ada", "a@example.com", "", ""])

    assert Person.objects.get(name="Bob").manager.name == "Ada"
    assert Person.history.count() == 2


def test_a_refused_row_means_that_nothing_is_written():
    report = load("people", HEADER, ["Ada", "no address", "", ""], ["Bob", "b@example.com", "", ""])

    assert not Person.objects.exists()
    assert not report.written
    assert report.summary == "0 created, 0 updated, 0 unchanged, 1 refused"
    assert problems(report) == ['row 2, column E-mail, "no address": Enter a valid email address']


def test_the_others_are_written_where_refused_rows_are_skipped():
    rows = [HEADER, ["Ada", "no address", "", ""], ["Bob", "b@example.com", "", ""]]

    report = load("people", *rows, skip_refused=True)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 1 refused"
    assert [person.name for person in Person.objects.all()] == ["Bob"]


def test_who_names_a_person_of_a_refused_row_is_refused_too():
    rows = [HEADER, ["Ada", "no address", "", ""], ["Bob", "b@example.com", "", "Ada"]]

    report = load("people", *rows, skip_refused=True)

    assert not Person.objects.exists()
    assert 'row 3, column Manager, "Ada": names Ada, whose own row is refused' in problems(report)


def test_a_dry_run_says_what_would_happen_and_writes_nothing():
    rows = [HEADER, ["Ada", "ada@example.com", "Sales", "Cleo"]]

    report = load("people", *rows, dry_run=True, create_missing=True)

    assert not Person.objects.exists()
    assert not Department.objects.exists()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert report.made == {"departments": ["Sales"], "people": ["Cleo"]}


def test_what_is_missing_is_refused_or_made_and_listed():
    rows = [["Name", "Location"], ["Ada", "Berlin / Tower 2"]]

    refused = load("people", *rows)
    made = load("people", *rows, create_missing=True)

    assert "is no location that is there" in problems(refused)[0]
    assert made.made == {"locations": ["Berlin", "Berlin / Tower 2"]}
    assert Person.objects.get().location.path == "Berlin / Tower 2"


def test_nothing_is_made_for_a_row_that_is_refused():
    rows = [HEADER, ["Ada", "no address", "Sales", ""], ["Bob", "b@example.com", "IT", ""]]

    report = load("people", *rows, create_missing=True, skip_refused=True)

    assert report.made == {"departments": ["IT"]}
    assert [department.name for department in Department.objects.all()] == ["IT"]


def test_nobody_makes_by_an_import_what_he_may_not_add(finance):
    rows = [["number", "title", "vendor", "starts", "amount", "department"]]
    rows += [["C1", "Phones", "Acme", "2024-01-01", "5", "Sales"]]

    report = load("contracts", *rows, create_missing=True, by=finance)

    assert problems(report) == [
        'row 2, column department, "Sales": is no department that is there, and you may not add one'
    ]


def test_nobody_imports_what_he_may_not_add_or_change(finance):
    PersonFactory(email="bob@example.com")
    rows = [HEADER, ["Ada", "ada@example.com", "", ""], ["Bob", "bob@example.com", "", ""]]

    report = load("people", *rows, by=finance)

    assert problems(report) == ["row 2: you may not add people", "row 3: you may not change people"]


def test_a_key_that_comes_twice_is_refused_naming_both_rows():
    report = load(
        "people",
        HEADER,
        ["Ada", "ada@example.com", "", ""],
        ["Bob", "bob@example.com", "", ""],
        ["Eve", "ADA@example.com", "", ""],
    )

    assert problems(report) == [
        'row 2, column E-mail, "ada@example.com": rows 2 and 4 have the same',
        'row 4, column E-mail, "ADA@example.com": rows 2 and 4 have the same',
    ]


def test_a_name_that_two_people_have_is_refused_naming_their_addresses():
    PersonFactory(name="Ada", email="ada1@example.com")
    PersonFactory(name="Ada", email="ada2@example.com")

    report = load("people", HEADER, ["Bob", "bob@example.com", "", "Ada"])

    assert problems(report) == [
        'row 2, column Manager, "Ada": could be ada1@example.com, ada2@example.com:'
        " give one of these"
    ]


def test_of_a_key_or_a_name_that_many_have_only_a_few_are_told():
    rows = [["Ada", "ada@example.com"] for _ in range(300)]
    keys = load("people", ["Name", "E-mail"], *rows)
    rows = [["Ada", f"ada{number}@example.com", "Ada"] for number in range(300)]
    names = load("people", ["Name", "E-mail", "Manager"], *rows)

    assert {it.problem for it in keys.refusals} == {"rows 2, 3, 4, 5, 6 and 295 more have the same"}
    assert len(keys.refusals) == len(names.refusals) == 300
    few = ", ".join(f"ada{number}@example.com" for number in range(5))
    assert {it.problem for it in names.refusals} == {
        f"could be {few} and 295 more: give one of these"
    }


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_of_a_key_that_few_have_all_are_told(rows):
    report = load("people", HEADER, *[["Ada", "ada@example.com", "", ""]] * rows)

    told = " and ".join([", ".join(map(str, range(2, rows + 1))), str(rows + 1)])
    assert {it.problem for it in report.refusals} == {f"rows {told} have the same"}


@pytest.mark.parametrize("name", ["ada@example.com", "alove", "E-17", "Ada", "ADA"])
def test_people_are_found_by_whatever_names_them(name):
    ada = PersonFactory(
        name="Ada", email="ada@example.com", username="alove", employee_number="E-17"
    )

    load("people", HEADER, ["Bob", "bob@example.com", "", name])

    assert Person.objects.get(name="Bob").manager == ada


def test_a_person_of_whom_only_the_name_was_known_becomes_the_one_in_the_file():
    ada = PersonFactory(name="Ada", email="")

    report = load("people", HEADER, ["Ada", "ada@example.com", "", ""])

    ada.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert ada.email == "ada@example.com"


@pytest.mark.parametrize("row", [["Ada", "", "a@x.org"], ["A. Love", "ada", ""], ["Ada", "al", ""]])
def test_who_was_made_from_one_word_becomes_whoever_has_it_for_a_name_or_a_login(row):
    load("people", ["name", "manager"], ["Bob", "ada"], create_missing=True)
    ada = Person.objects.get(username="ada")

    report = load("people", ["name", "username", "email"], row)

    ada.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert ada.name == row[0]


def test_no_login_name_is_made_from_a_whole_name_or_other_letters():
    rows = [["Bob", "Ada Lovelace"], ["Eve", "王伟"], ["Joe", "cleo.smith@example.com"]]
    load("people", ["name", "manager"], *rows, create_missing=True)

    made = Person.objects.exclude(name__in=["Bob", "Eve", "Joe"]).order_by("name")
    assert set(made.values_list("name", "username")) == {
        ("Ada Lovelace", ""),
        ("王伟", ""),
        ("Cleo Smith", ""),
    }


def test_two_parts_make_a_name():
    load("people", ["First Name", "Last Name", "Username"], ["Ada", "Lovelace", "alove"])

    assert Person.objects.get().name == "Ada Lovelace"


def test_people_above_each_other_are_refused():
    rows = [["Ada", "ada@example.com", "", "Bob"], ["Bob", "bob@example.com", "", "Ada"]]

    report = load("people", HEADER, *rows)

    assert not Person.objects.exists()
    assert "their own manager" in problems(report)[0]


def test_the_last_day_before_the_first_is_refused_in_the_words_of_the_form():
    report = load("people", ["name", "start date", "end date"], ["Ada", "2024-05-01", "2024-04-01"])

    assert problems(report) == ["row 2: The last day is before the first"]


def test_an_ambiguous_date_is_refused_until_the_order_is_given():
    rows = [["name", "start date"], ["Ada", "5/1/2024"]]

    refused = load("people", *rows)
    load("people", *rows, order="day-first")

    assert "could be two days" in problems(refused)[0]
    assert f"{Person.objects.get().starts_on}" == "2024-01-05"


def test_another_column_of_the_file_settles_the_order():
    load("people", ["name", "start date", "end date"], ["Ada", "5/1/2024", "5/31/2024"])

    assert f"{Person.objects.get().starts_on}" == "2024-05-01"


def test_a_header_that_nobody_knows_is_mapped():
    load("people", ["Mensch", "email"], ["Ada", "a@example.com"], mapping={"mensch": "name"})

    assert Person.objects.get().name == "Ada"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"Mensch": "nonsense"}, "people have no field nonsense. Accepted are name,"),
        ({"Frau": "name"}, "no column of this name. It has: Mensch, email"),
    ],
)
def test_a_wrong_mapping_is_refused_with_what_is_accepted(mapping, words):
    with pytest.raises(ValidationError, match=words):
        load("people", ["Mensch", "email"], ["Ada", "a@example.com"], mapping=mapping)


def test_a_header_that_comes_twice_is_refused():
    with pytest.raises(ValidationError, match='has 2 columns "Name"'):
        load("people", ["Name", "name", "email"], ["Ada", "Eve", "a@example.com"])


def test_a_file_without_a_known_header_is_refused_with_those_that_are():
    with pytest.raises(ValidationError, match="It has: foo, bar. Known for people are: name,"):
        load("people", ["foo", "bar"], ["1", "2"])


def test_a_row_whose_cells_cannot_be_told_apart_is_refused_by_number():
    report = load("people", ["name", "email"], ["Ada", "a@example.com"], ["Bob", "b", "c"])

    assert problems(report)[0].startswith("row 3: has 3 cells and the header 2")
    assert not Person.objects.exists()


def test_the_queries_of_an_import_do_not_grow_with_its_rows():
    def rows(count, letter):
        people = [[f"{letter}{n}", f"{letter}{n}@example.com", "Sales", ""] for n in range(count)]
        return [HEADER, *people]

    DepartmentFactory(name="Sales")
    few = queries("people", rows(2, "a"))

    # SQLite takes what it is given in more than one statement; none is for one row.
    assert queries("people", rows(200, "b")) < few + 20


def test_locations_make_a_tree_in_any_order():
    rows = [["Name", "Parent", "Kind"], ["Floor 3", "Tower", "floor"]]
    rows += [["Tower", "Berlin", "building"], ["Berlin", "", "site"]]

    report = load("locations", *rows)
    again = load("locations", *rows)

    assert report.summary == "3 created, 0 updated, 0 unchanged, 0 refused"
    assert again.summary == "0 created, 0 updated, 3 unchanged, 0 refused"
    assert [place.path for place in Location.objects.all()] == [
        "Berlin",
        "Berlin / Tower",
        "Berlin / Tower / Floor 3",
    ]


def test_a_location_is_known_by_its_path():
    LocationFactory(name="Berlin")

    report = load("locations", ["path", "kind"], ["Berlin / Store", "store"], ["Berlin", "home"])

    assert report.summary == "1 created, 1 updated, 0 unchanged, 0 refused"
    assert Location.objects.get(path="Berlin / Store").kind == "store"


def test_the_paths_of_locations_may_be_all_that_a_file_has():
    rows = [["path"], ["Berlin / Tower"], ["Berlin"], ["Berlin / Tower / Floor 3"]]

    report = load("locations", *rows)
    again = load("locations", *rows)

    assert report.summary == "3 created, 0 updated, 0 unchanged, 0 refused"
    assert again.summary == "0 created, 0 updated, 3 unchanged, 0 refused"
    assert str(Location.objects.get(name="Floor 3")) == "Berlin / Tower / Floor 3"
