"""The house: which way the arrows of imports run, and where history is written."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from config.history import Record

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
    untracked = {
        model.__name__
        for model in apps.get_models()
        if not issubclass(model, Record) and model._meta.app_label in ORDER
        if not model.__name__.startswith("Historical")
    }
    allowed = re.compile(rf"\b({'|'.join(sorted(untracked))})s?\b", re.IGNORECASE)
    for path in CODE:
        if path.relative_to(ROOT).as_posix() in ("config/history.py", "config/secrets.py"):
            continue  # the latter seals anew what is there: no history tells of that
        for number, line in enumerate(bulk_writes(path), 1):
            assert allowed.search(line), f"{path} ({number}): {line}"


def bulk_writes(path):
    """The source of each call of a bulk write, with the statement around it."""
    source = path.read_text()
    if not re.search(r"\b(bulk_create|bulk_update|update)\b", source):
        return
    for statement in ast.walk(ast.parse(source)):
        if not isinstance(statement, ast.stmt):
            continue
        if any(isinstance(inner, ast.stmt) for inner in ast.iter_child_nodes(statement)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                plain = name in ("bulk_create", "bulk_update")
                queryset = name == "update" and node.keywords and not node.args
                if plain or queryset:
                    yield ast.get_source_segment(source, statement)


def test_the_top_level_holds_what_the_design_names():
    found = {path.name for path in ROOT.iterdir() if not UNTRACKED.match(path.name)}
    assert found <= TOP, found - TOP


def test_modules_stay_small():
    lines = {path: len(path.read_text().splitlines()) for path in CODE}
    assert {path: number for path, number in lines.items() if number > 300} == {}
