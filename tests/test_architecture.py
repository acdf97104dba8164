"""The house: which way the arrows of imports run, and where history is written."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
ORDER = ["config", "people", "assets", "contracts", "support"]
MODULES = [path for app in ORDER for path in (ROOT / app).rglob("*.py")]
CODE = [path for path in MODULES if "migrations" not in path.parts]
# One worker reads and parses them all, once.
pytestmark = pytest.mark.xdist_group("architecture")
TOP = {
    "manage.py", "pyproject.toml", "README.md", "config", "assets", "people", "contracts",
    "support", "templates", "tests", "uv.lock", "Makefile", "Dockerfile", "compose.yaml",
    ".env.example", ".ci", "docs", "static", "CHANGELOG.md", "LICENSE", ".gitignore",
    ".python-version", ".dockerignore",
}  # fmt: skip
# What a checkout gathers that git does not know.
UNTRACKED = re.compile(
    r"^(\.git|\.venv|\.tools|\.\w+_cache|\.hypothesis|\.coverage|\.env|var|staticfiles)$"
)
BULK = {
    "bulk_create", "bulk_update", "update", "_update", "_raw_delete",
    "abulk_create", "abulk_update", "aupdate",
}  # fmt: skip
UNTRACKED_MODELS = {
    model.__name__
    for model in apps.get_models()
    if not hasattr(model._meta, "simple_history_manager_attribute")
    and not model.__name__.startswith("Historical")
}
# Bulk writes whose chain does not begin with the name of a model without history, by file, function
# and the name that it does begin with, and why they leave none.
WITHOUT_HISTORY = {
    "config/history.py update_set_as: chosen": "writes the versions itself",
    "config/secrets.py rotate: model": "seals anew what is there: no history tells of that",
    "people/crowding.py holds_back: due": "messages, held back",
    "people/delivery.py _claim: rows": "a lease of messages",
    "people/import_work.py _claimed: waiting": "a lease of import jobs",
    "people/jobs.py _end: jobs": "jobs, whose runs are rows of their own",
    "support/digests.py _claim: untold": "alerts",
    "support/escalation.py _give_back: theirs": "alerts",
    "support/states.py _revive_moot: alerts": "alerts",
    "support/states.py end: snoozed": "alerts",
    "support/states.py wake: due": "alerts",
    "support/states.py revive: back": "alerts",
    "support/states.py _set: alerts": "alerts",
}


@pytest.fixture(scope="module")
def imports():
    """What each module imports, and from how many levels up."""
    return {path: list(imported(path)) for path in MODULES}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level


def test_no_import_is_relative_and_none_runs_upward(imports):
    for path, found in imports.items():
        own = ORDER.index(path.relative_to(ROOT).parts[0])
        for module, level in found:
            assert level == 0, f"{path}: a relative import"
            assert module.split(".")[0] not in ORDER[own + 1 :], f"{path} imports {module}"


def test_the_theme_is_named_only_where_every_screen_begins(imports):
    for path in CODE:
        where = path.relative_to(ROOT).as_posix()
        if not where.startswith(("config/admin/", "config/site.py", "config/apps.py")):
            assert not [name for name, _ in imports[path] if name.startswith("unfold")], where


def test_every_model_change_has_its_migration(db):
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_migrations_are_named():
    for path in MODULES:
        if path.parent.name == "migrations":
            assert "_auto_" not in path.name, path


def test_bulk_writes_leave_history():
    """Only `config.history` may write tracked rows in bulk; untracked models may elsewhere."""
    found = {
        f"{path.relative_to(ROOT)} {function}: {head}"
        for path in CODE
        for function, head in bulk_writes(path.read_text())
        if head not in UNTRACKED_MODELS
    }

    assert found - WITHOUT_HISTORY.keys() == set()
    assert WITHOUT_HISTORY.keys() - found == set(), "these write nothing in bulk any more"


@pytest.mark.parametrize(
    ("code", "heads"),
    [
        ('Asset.objects.bulk_update(job, ["state"])', ["Asset"]),
        ("await Asset.objects.filter(user=message).aupdate(state=post)", ["Asset"]),
        ('User.objects.filter(alerts=alerts).update(email="")', ["User"]),
        ("job.user.assets.update(**fields)", ["job"]),
        ("alerts[0].history.bulk_create(responses)", ["alerts"]),
        ("model_of(job)._base_manager.all()._raw_delete(using)", ["model_of"]),
        ("Asset.history.bulk_create(versions)", ["Asset"]),
        ("Alert.objects.filter(asset=asset).update(state=state)", []),
        ("rows.update(others); vars(asset).update(pk=1); Asset.objects.create(user=user)", []),
    ],
)
def test_whose_bulk_write_it_is_says_the_beginning_of_its_chain(code, heads):
    found = [head for _, head in bulk_writes(f"async def f():\n    {code}")]

    assert [head for head in found if head not in UNTRACKED_MODELS] == heads


def bulk_writes(source):
    """Of each bulk write the function around it, and the name that its chain begins with."""
    if not any(name in source for name in BULK):
        return
    for function, call in calls(ast.parse(source)):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in BULK:
            continue
        # A dictionary is updated from another; rows only by keywords.
        if call.func.attr == "update" and not call.keywords:
            continue
        head = call.func
        while isinstance(head, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
            head = head.func if isinstance(head, ast.Call) else head.value
        name = getattr(head, "id", type(head).__name__)
        if name not in ("vars", "globals"):
            yield function, name


def calls(node, function=""):
    """Every call below a node, with the name of the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(child, ast.Call):
            yield function, child
        yield from calls(child, child.name if named else function)


def test_the_top_level_holds_what_the_design_names():
    found = {path.name for path in ROOT.iterdir() if not UNTRACKED.match(path.name)}
    assert found <= TOP, found - TOP


def test_modules_stay_small():
    lines = {path: len(path.read_text().splitlines()) for path in CODE}
    assert {path: number for path, number in lines.items() if number > 300} == {}
