"""Many tables made at once are the same as one made after the other, and go again."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from config.operations import CreateModels


def shelf():
    key = ("id", models.BigAutoField(primary_key=True))
    return migrations.CreateModel("Shelf", [key, ("name", models.CharField(max_length=9))])


def book():
    on = models.ForeignKey("config.Shelf", models.PROTECT)
    key = ("id", models.BigAutoField(primary_key=True))
    return migrations.CreateModel("Book", [key, ("on", on)])


def tables():
    return {it for it in connection.introspection.table_names() if it.startswith("config_")}


@pytest.fixture
def state():
    state = ProjectState()
    state.apps  # noqa: B018 - as the executor does: the classes are there before the operation
    return state


def test_what_refers_to_each_other_is_there_afterwards(state):
    CreateModels([shelf(), book()]).state_forwards("config", state)

    assert state.apps.get_model("config", "Book").on.field.related_model.__name__ == "Shelf"
    alone = ProjectState()
    for operation in (shelf(), book()):
        operation.state_forwards("config", alone)
    assert state == alone


def test_the_tables_come_and_go(transactional_db, state):
    together, after = CreateModels([shelf(), book()]), state.clone()
    together.state_forwards("config", after)
    with connection.schema_editor() as editor:
        together.database_forwards("config", editor, state, after)
    assert tables() == {"config_shelf", "config_book"}

    with connection.schema_editor() as editor:
        together.database_backwards("config", editor, after, state)
    assert tables() == set()
    assert together.describe() == "Create 2 models"
