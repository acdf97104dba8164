import gc
import os
import shutil

import hypothesis
import pytest
from _pytest import runner
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection, transaction
from django.template import RequestContext, Template
from django.test import TransactionTestCase
from django.test.signals import template_rendered

from config import limits
from people.roles import ADMINISTRATOR, AUDITOR, FINANCE, IT, SERVICE_DESK
from tests import template
from tests.emptying import Emptying
from tests.factories import PersonFactory, UserFactory
from tests.frames import give_room
from tests.imap import post_office, post_office_of_module  # noqa: F401 - fixtures
from tests.processes import broker, data_dir, processes, start  # noqa: F401 - fixtures
from tests.receiver import receiver, resolver  # noqa: F401 - fixtures
from tests.rendering import bare
from tests.services import missing
from tests.settings import DATA_DIR
from tests.smtp import postman, smtp  # noqa: F401 - fixtures

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_xdist_auto_num_workers():
    """More than there are processors: who waits for a browser or a server leaves one idle."""
    return (os.cpu_count() or 1) * 2


def pytest_configure():
    give_room(runner.runtestprotocol)
    give_room(ThreadedWSGIServer.process_request_thread)  # the live server's


@pytest.hookimpl(trylast=True)  # after the order is made random
def pytest_collection_modifyitems(items):
    """What takes long comes first, so that no worker ends with it alone."""
    long = ("real", "xdist_group")
    items.sort(key=lambda it: not any(map(it.get_closest_marker, long)))


def pytest_collection_finish(session):
    """What is imported stays: looking through all of it for garbage was a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_sessionfinish(session):
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, request):
    """A file, not memory, where SQLite serves: threads and processes share it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if "postgresql" in database["ENGINE"] and request.config.option.markexpr != "bench":
        # Tables without statistics look large: compiling a query takes longer than running it.
        database["OPTIONS"] = {**database.get("OPTIONS", {}), "options": "-c jit=off"}
    if "sqlite" in database["ENGINE"]:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        database["TEST"]["NAME"] = str(DATA_DIR / f"test-{worker}.sqlite3")
    if not request.config.option.nomigrations:
        template.use(connection, anew=request.config.option.create_db)


@pytest.fixture(scope="session", autouse=True)
def _pages_tell_their_context(django_test_environment):
    """Once each, by `response.context`: not anew for each of its hundreds of parts."""

    def render(template, context):
        if isinstance(context, RequestContext) and context.template is template:
            template_rendered.send(template, template=template, context=context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session", autouse=True)
def _last_sessions_closed(django_db_setup, django_db_blocker):
    """PostgreSQL drops no database that anybody is connected to, a dying process for example."""
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _emptied_fast(django_db_setup, django_db_blocker):
    """Only what has rows is emptied after a transactional test; the roles stay."""
    with django_db_blocker.unblock():
        emptying = Emptying()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda it: emptying.after(it))
        yield


@pytest.fixture(scope="session")
def redis_url():
    """The Redis to test on; its databases are emptied by whoever uses them."""
    return os.environ.get("TEST_REDIS_URL") or missing("No Redis: TEST_REDIS_URL is not set.")


@pytest.fixture
def postgresql(db):
    """The connection, where the suite runs on PostgreSQL."""
    if connection.vendor != "postgresql":
        missing("No PostgreSQL: TEST_DATABASE_URL is not set.")
    return connection


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """The database for what a module makes once; nothing of it is left behind.

    Each test that also asks for `db` has a savepoint of its own in it.
    """
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        finally:
            connection.close()


@pytest.fixture(autouse=True)
def _nothing_cached():
    cache.clear()
    limits.memory.clear()


@pytest.fixture
def without_menus():
    """For tests that ask for what a page says, not for the theme around it."""
    with bare():
        yield


def member(role, **fields):
    user = UserFactory(is_staff=True, **fields)
    user.groups.add(Group.objects.get(name=role))
    PersonFactory(user=user, name=user.name, email=user.email)
    return user


@pytest.fixture
def administrator(db):
    return member(ADMINISTRATOR)


@pytest.fixture
def it(db):
    return member(IT)


@pytest.fixture
def finance(db):
    return member(FINANCE)


@pytest.fixture
def service_desk(db):
    return member(SERVICE_DESK)


@pytest.fixture
def auditor(db):
    return member(AUDITOR)


@pytest.fixture
def employee(db):
    """A person with a login and no staff flag."""
    user = UserFactory()
    return PersonFactory(user=user, name=user.name, email=user.email)


@pytest.fixture
def superuser(db):
    return UserFactory(is_staff=True, is_superuser=True)
