"""Days of alerts as staff set them: in words, for a rule, for a part of it, for one record."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from support import lead_time_words, lead_times_editing
from support.alerts import RULES
from support.lead_times import in_force
from support.lead_times_editing import clear_days, rule_of, set_days, set_own
from support.models import LeadTime
from support.rule_words import WORDS
from tests import factories
from tests.factories import (
    AlertFactory,
    AssetFactory,
    CategoryFactory,
    ContractFactory,
    LeadTimeFactory,
    LicenceFactory,
)
from tests.rendering import bare, unrendered

LIST = "admin:support_leadtime_changelist"
ADD = "admin:support_leadtime_add"
RULES_PAGE = "admin:support_leadtime_rules"
WARRANTY, NOTICE, END = (rule_of(it) for it in ("warranty", "contract_notice", "contract_end"))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("90, 30, 7", [90, 30, 7]),
        (" 7;30  90 ", [90, 30, 7]),
        ("30,30", [30]),
        ("0", [0]),
        ("Never", []),
    ],
)
def test_days_are_read_as_people_write_them(text, days):
    assert lead_time_words.read(text) == days


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "Write whole numbers"),
        (" , ", "Write whole numbers"),
        ("soon", "“soon” is no number of days"),
        ("-7", "“-7” is no number of days"),
        ("1.5", "“1.5” is no number"),
        ("²", "“²” is no number"),
        ("1001", "0 to 1000 days"),
        ("9" * 400, "0 to 1000 days"),
        (" ".join(map(str, range(13))), "up to 12"),
    ],
)
def test_what_is_no_days_is_refused_in_words(text, refusal):
    with pytest.raises(ValidationError, match=refusal):
        lead_time_words.read(text)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([90, 30, 7], "90, 30 and 7 days before"),
        ([1], "1 day before"),
        ([7, 0], "7 days before and on the day"),
        ([0], "on the day"),
        ([], "never"),
    ],
)
def test_days_are_said_in_a_sentence(days, words):
    assert lead_time_words.said(days) == words


# --- Setting and taking back ---


def test_days_are_set_once_changed_and_taken_back_with_who_and_why(it):
    set_days(WARRANTY, days=[60], by=it, reason="too late in 2025")
    row = set_days(WARRANTY, days=[90, 7], by=it, reason="still too late")
    assert LeadTime.objects.get().days == [90, 7]
    said = [(v.history_user, v.history_change_reason) for v in row.history.all()]
    assert said == [(it, "still too late"), (it, "too late in 2025")]
    clear_days(WARRANTY, by=it)
    assert not LeadTime.objects.exists()
    with pytest.raises(ValidationError, match="“Warranties that end” has no days of its own"):
        clear_days(WARRANTY, by=it)


def test_the_same_days_again_write_nothing(it):
    row = set_days(WARRANTY, days=[60], by=it)
    set_days(WARRANTY, days=[60], by=it)
    assert row.history.count() == 1


def test_a_rule_a_kind_a_category_and_a_record_have_days_beside_each_other(it):
    asset, contract = AssetFactory(), ContractFactory()
    set_days(NOTICE, days=[1], by=it)
    set_days(NOTICE, days=[2], kind="telecom", by=it)
    set_days(NOTICE, days=[3], record=contract, by=it)
    set_days(WARRANTY, days=[4], category=asset.product.category, by=it)
    set_days(WARRANTY, days=[5], record=asset, by=it)
    assert sorted(days for [days] in LeadTime.objects.values_list("days", flat=True)) == [
        1,
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("rule", "part", "refusal"),
    [
        (WARRANTY, {"kind": "telecom"}, "about no contract"),
        (NOTICE, {"category": CategoryFactory.build()}, "nothing that has a category"),
        (NOTICE, {"record": AssetFactory.build(tag="LT-1")}, "does not watch LT-1"),
        (NOTICE, {"kind": "telecom", "category": CategoryFactory.build()}, "not both"),
    ],
)
def test_a_rule_has_no_days_for_what_it_does_not_watch(rule, part, refusal, db):
    with pytest.raises(ValidationError, match=refusal):
        set_days(rule, days=[7], by=None, **part)


def test_days_in_the_wrong_order_are_refused_wherever_they_come_from(db):
    with pytest.raises(ValidationError, match="most distant day first"):
        set_days(WARRANTY, days=[7, 30], by=None)


def test_a_condition_has_no_days_before_it_and_says_so(db):
    stock = rule_of("stock_low")
    with pytest.raises(ValidationError, match="no date to count days from.*Write “never”"):
        set_days(stock, days=[90, 30], by=None)
    with pytest.raises(ValidationError, match="first seen"):
        set_own(LicenceFactory(), by=None, idle_seats=[7])
    assert not LeadTime.objects.exists()


@pytest.mark.parametrize("days", [[], [0]])
def test_a_condition_may_never_be_told_or_as_usual(days, db):
    assert set_days(rule_of("stock_low"), days=days, by=None).days == days


def test_of_two_who_set_the_first_days_at_once_the_second_changes_those_of_the_first(
    db, monkeypatch
):
    LeadTimeFactory(days=[1])
    seen = iter([None])
    locked = lead_times_editing._locked
    monkeypatch.setattr(
        lead_times_editing, "_locked", lambda scope: next(seen, "once") and locked(scope)
    )
    monkeypatch.setattr(LeadTime, "full_clean", lambda row: None)  # it saw nothing either
    set_days(WARRANTY, days=[2], by=None)
    assert [row.days for row in LeadTime.objects.all()] == [[2]]


# --- The form ---


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


def added(client, query="", **fields):
    return client.post(reverse(ADD) + query, {"days": "30, 7", **fields}, follow=True)


def errors(response):
    return str(response.context["adminform"].form.errors)


def test_staff_add_days_for_a_category_and_the_history_says_who(ann, it):
    category = CategoryFactory()
    added(ann, rule="warranty", category=category.pk)
    row = LeadTime.objects.get()
    assert (row.rule, row.category, row.days) == ("warranty", category, [30, 7])
    assert row.history.get().history_user == it


def test_never_is_said_by_the_word_and_nothing_is_refused(ann):
    assert "Write whole numbers of days" in errors(added(ann, rule="warranty", days=""))
    added(ann, rule="warranty", days="never")
    assert LeadTime.objects.get().days == []


def test_wrong_days_are_refused_in_words_and_stay_in_the_form(ann):
    response = added(ann, rule="warranty", days="thirty")
    assert "“thirty” is no number of days" in errors(response)
    assert 'value="thirty"' in response.text


def test_second_days_of_the_same_are_refused_in_words(ann):
    LeadTimeFactory(rule="warranty")
    LeadTimeFactory(rule="contract_end", contract_kind="telecom")
    category = CategoryFactory()
    LeadTimeFactory(rule="warranty", category=category)
    said = {
        "This rule has its own days already": {"rule": "warranty"},
        "This kind of contract has its own days": {
            "rule": "contract_end",
            "contract_kind": "telecom",
        },
        "This category has its own days": {"rule": "warranty", "category": category.pk},
    }
    for words, fields in said.items():
        assert words in errors(added(ann, **fields))
    assert "This rule has its own days" in errors(
        added(ann, "?rule=warranty&for=all", rule="warranty")
    )
    assert LeadTime.objects.count() == 3


def test_a_kind_and_a_category_at_once_or_of_the_wrong_rule_are_refused(ann):
    category = CategoryFactory()
    both = added(ann, rule="warranty", contract_kind="telecom", category=category.pk)
    assert "not both" in errors(both)
    assert "about no contract" in errors(added(ann, rule="warranty", contract_kind="telecom"))
    assert "has a category" in errors(added(ann, rule="contract_end", category=category.pk))
    assert "not one of the available" in errors(added(ann, rule="made_up"))
    assert not LeadTime.objects.exists()


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"rule", "contract_kind", "category", "days"}),
        ("?rule=warranty", {"rule", "category", "days"}),
        ("?rule=contract_end", {"rule", "contract_kind", "days"}),
        ("?rule=contract_end&for=all", {"rule", "days"}),
        ("?rule=contract_end&for=kind", {"rule", "contract_kind", "days"}),
        ("?rule=nothing&for=everybody", {"rule", "contract_kind", "category", "days"}),
    ],
)
def test_only_such_parts_are_offered_as_the_rule_has(query, fields, ann):
    form = ann.get(reverse(ADD) + query).context["adminform"].form
    assert set(form.fields) - {"version", "nonce", "reason"} == fields


def test_an_exception_for_a_kind_needs_the_kind(ann):
    response = added(ann, "?rule=contract_end&for=kind", rule="contract_end")
    assert "required" in errors(response)
    assert not LeadTime.objects.exists()


def test_days_are_changed_and_their_history_says_them_in_words(ann):
    row = LeadTimeFactory(days=[30, 7])
    page = reverse("admin:support_leadtime_change", args=[row.pk])
    form = ann.get(page).context["adminform"].form
    sent = {"version": form["version"].value(), "reason": "too early"}
    ann.post(page, {**sent, "days": "14", "rule": "contract_end"})
    row.refresh_from_db()
    assert (row.rule, row.days) == ("warranty", [14])
    history = ann.get(reverse("admin:support_leadtime_history", args=[row.pk])).text
    assert all(it in history for it in ("30 and 7 days before", "14 days before", "too early"))


def test_days_of_a_condition_are_refused_on_the_page_that_adds_and_the_one_that_changes(ann):
    response = added(ann, "?rule=stock_low&for=all", rule="stock_low", days="90, 30")
    assert "no date to count days from" in errors(response)
    row = LeadTimeFactory(rule="stock_low", days=[])
    page = reverse("admin:support_leadtime_change", args=[row.pk])
    form = ann.get(page).context["adminform"].form
    sent = {"version": form["version"].value(), "reason": "earlier"}
    assert "no date to count days from" in errors(ann.post(page, {**sent, "days": "7"}))
    row.refresh_from_db()
    assert row.days == []


def test_who_saves_second_is_told_the_days_meanwhile(ann):
    row = LeadTimeFactory(days=[30, 7])
    page = reverse("admin:support_leadtime_change", args=[row.pk])
    form = ann.get(page).context["adminform"].form
    sent = {"version": form["version"].value()}
    set_days(WARRANTY, days=[21], by=None)
    assert "was “30, 7”, is now “21”" in errors(ann.post(page, {**sent, "days": "14"}))


def test_others_read_and_may_not_change(client, auditor, service_desk):
    row = LeadTimeFactory()
    page = reverse("admin:support_leadtime_change", args=[row.pk])
    for user in (auditor, service_desk):
        client.force_login(user)
        assert client.get(page).status_code == 200
        assert client.get(reverse(ADD)).status_code == 403
        assert client.post(page, {"days": "1"}).status_code == 403
    row.refresh_from_db()
    assert row.days == [30, 7]


@pytest.mark.parametrize(
    ("part", "found"), [("all", 1), ("kind", 1), ("category", 1), ("record", 1), ("", 4)]
)
def test_the_list_filters_by_what_the_days_are_for(part, found, ann):
    LeadTimeFactory()
    LeadTimeFactory(rule="contract_end", contract_kind="telecom")
    LeadTimeFactory(category=CategoryFactory())
    LeadTimeFactory(record=AssetFactory())
    response = ann.get(reverse(LIST), {"part": part} if part else {})
    assert response.context["cl"].result_count == found


# --- The page of the rules ---


def test_every_rule_stands_on_one_page_with_its_days_and_what_differs(ann):
    asset = AssetFactory(warranty_ends_on="2030-01-01")
    LeadTimeFactory(rule="contract_end", days=[45])
    LeadTimeFactory(rule="contract_end", contract_kind="telecom", days=[])
    LeadTimeFactory(rule="warranty", record=asset, days=[2])
    AlertFactory(rule="warranty", record=asset)
    text = ann.get(reverse(RULES_PAGE)).text
    for rule in RULES:
        assert rule.title in text
    assert "45 days before" in text
    assert "Contracts: telecom" in text
    assert str(asset) in text
    assert reverse("admin:assets_asset_change", args=[asset.pk]) in text
    assert "1 open alert" in text


def test_the_page_leads_to_what_may_be_changed_and_to_nothing_for_who_may_not(client, it, auditor):
    LeadTimeFactory(rule="warranty")
    for user, may in ((it, True), (auditor, False)):
        client.force_login(user)
        text = client.get(reverse(RULES_PAGE)).text
        assert ("Change the days" in text) == may
        assert ("Add a category" in text) == may
        assert ("Add a kind of contract" in text) == may


def test_each_button_of_the_page_opens_a_form_that_can_be_saved(ann):
    lines = ann.get(reverse(RULES_PAGE)).context["lines"]
    assert lines
    for line in lines:
        for label, url in line["buttons"]:
            with unrendered():
                form = ann.get(url).context_data["adminform"].form
            assert str(form)
            assert form["rule"].value() == line["line"].rule.kind, label
            if label == "Change the days" and line["line"].days:
                sent = {name: form[name].value() or "" for name in form.fields}
                assert ann.post(url, sent).status_code == 302


def test_who_may_not_view_them_gets_no_page(client, employee):
    client.force_login(employee.user)
    assert client.get(reverse(RULES_PAGE)).status_code in (302, 403)


def test_the_first_page_leads_to_the_rules(ann):
    assert reverse(RULES_PAGE) in ann.get(reverse("admin:index")).text


def test_the_queries_of_the_page_do_not_grow_with_what_it_shows(ann, django_assert_max_num_queries):
    def fill():
        LeadTimeFactory(record=AssetFactory())
        LeadTimeFactory(rule="contract_end", record=ContractFactory())
        LeadTimeFactory(category=CategoryFactory())

    fill()
    page = reverse(RULES_PAGE)
    ann.get(page)
    with django_assert_max_num_queries(200) as one:
        ann.get(page)
    for _ in range(5):
        fill()
    with django_assert_max_num_queries(len(one)):
        ann.get(page)


# --- One record, and many ---


def step(record):
    name = record._meta.model_name
    return reverse(f"admin:{record._meta.app_label}_{name}_step", args=[record.pk, "alert_days"])


DATED = {rule.kind: rule for rule in RULES if not rule.is_standing}
FACTORIES = {
    factory._meta.model: factory
    for factory in vars(factories).values()
    if isinstance(factory, type) and issubclass(factory, factories.DjangoModelFactory)
    if factory._meta.model
}


@pytest.mark.parametrize("kind", DATED)
def test_every_record_with_a_date_gets_its_own_days(kind, client, admin_user):
    client.force_login(admin_user)
    rule = DATED[kind]
    record = FACTORIES[rule.model]()
    usual = {it.kind: "default" for it in RULES if it.model is rule.model}

    client.post(step(record), {"apply": "1", **usual, kind: "120, 30"})

    row = LeadTime.objects.get()
    assert (row.rule, row.record, row.days) == (kind, record, [120, 30])
    assert in_force(rule, record) == ((120, 30), "own")


def test_a_contract_gets_its_own_days_and_gives_them_back(client, finance):
    client.force_login(finance)
    contract = ContractFactory(kind="telecom")
    LeadTimeFactory(rule="contract_end", contract_kind="telecom", days=[45])
    asked = client.get(step(contract)).text
    assert "90, 60, 30, 14, 7 and 1 days before" in asked
    assert "45 days before" in asked

    sent = {"apply": "1", "reason": "the vendor is slow"}
    usual = {"contract_notice": "default", "contract_end": "default"}
    client.post(step(contract), {**sent, **usual, "contract_notice": "120, 30"})
    row = LeadTime.objects.get(object_id=contract.pk)
    assert (row.rule, row.days, row.record) == ("contract_notice", [120, 30], contract)
    assert row.history.get().history_change_reason == "the vendor is slow"
    assert "120 and 30 days before" in client.get(step(contract)).text

    client.post(step(contract), {**sent, **usual})
    assert not LeadTime.objects.filter(object_id=contract.pk).exists()


def test_the_page_of_a_record_offers_it_to_who_may(client, it, auditor):
    for record in (AssetFactory(), ContractFactory(), LicenceFactory()):
        name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
        for user, may in ((it, True), (auditor, False)):
            client.force_login(user)
            with bare():
                text = client.get(reverse(name, args=[record.pk])).text
            assert (step(record) in text) == may
            assert client.get(step(record)).status_code == (200 if may else 403)


def test_wrong_days_of_a_record_are_refused_beside_their_field(ann):
    asset = AssetFactory()
    form = ann.post(step(asset), {"apply": "1", "warranty": "soon"}).context["form"]
    assert "“soon” is no number of days" in str(form.errors["warranty"])
    form = ann.post(step(asset), {"apply": "1", "warranty": ""}).context["form"]
    assert "Write “default”" in str(form.errors["warranty"])


def test_many_at_once_keep_what_they_have_where_nothing_is_said(ann):
    first, second = AssetFactory(), AssetFactory()
    LeadTimeFactory(record=first, days=[5])
    chosen = {"action": "alert_days", "_selected_action": [first.pk, second.pk], "apply": "1"}
    address = reverse("admin:assets_asset_changelist")
    ann.post(address, {**chosen, "warranty": ""})
    assert [row.days for row in LeadTime.objects.all()] == [[5]]
    ann.post(address, {**chosen, "warranty": "never"})
    assert [row.days for row in LeadTime.objects.all()] == [[], []]
    ann.post(address, {**chosen, "warranty": "default"})
    assert not LeadTime.objects.exists()


def test_own_days_change_nothing_where_one_of_them_is_refused(db):
    contract = ContractFactory()
    with pytest.raises(ValidationError):
        set_own(contract, by=None, contract_end=[7], contract_notice=[1, 2])
    assert not LeadTime.objects.exists()


# --- What is written about them ---


def test_every_rule_has_its_words_and_every_date_its_name():
    assert list(WORDS) == [rule.kind for rule in RULES]
    for rule in RULES:
        assert bool(WORDS[rule.kind].event) != rule.is_standing, rule.kind


def test_the_document_has_the_table_of_rules_as_it_is():
    document = Path(__file__).parents[2] / "docs" / "alerts.md"
    table = [line for line in document.read_text().splitlines() if line.startswith("| `")]
    assert table == [
        f"| `{rule.kind}` | {rule.title} | {WORDS[rule.kind].told} |"
        f" {'when first seen' if rule.is_standing else ', '.join(map(str, rule.leads))} |"
        for rule in RULES
    ]
