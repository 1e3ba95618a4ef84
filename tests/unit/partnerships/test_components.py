"""Our components against the Design System's own examples: the same tags, attributes and words."""

from __future__ import annotations

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from partnerships.forms import (
    CheckboxesField,
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    PageForm,
    RadioField,
    TextField,
)
from tests.golden_pages import example, inside, outline


def ours(component: str, **context) -> list:
    return outline(render_to_string(f"components/{component}.html", context))


def theirs(component: str, name: str = "default") -> list:
    return outline(example(component, name))


def test_task_list():
    assert ours(
        "task_list",
        items=[
            {"title": "Company Directors", "href": "#", "status": "done"},
            *(
                {"title": title, "href": "#", "status_words": "Incomplete", "colour": "blue"}
                for title in ("Registered company details", "Business plan")
            ),
        ],
    ) == theirs("task-list")


def test_a_task_that_cannot_start_has_no_link():
    (listed,) = ours("task_list", items=[{"title": "Send", "hint": "When all is done", "status": "cannot_start"}])
    item = listed[2]
    assert item[1]["class"] == "govuk-task-list__item"
    assert item[2][2] == ["div", {}, "Send"]
    assert "govuk-task-list__status--cannot-start-yet" in item[3][1]["class"]


CONTACT = mark_safe(  # noqa: S308
    '<p class="govuk-body">email@email.com</p><p class="govuk-body">Address line 1<br>Address line 2<br>'
    "Address line 3<br>Address line 4<br>Address line 5</p>"
)


def action(text: str, hidden: str) -> dict[str, str]:
    return {"href": "#", "text": text, "hidden": hidden}


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("default", ([], [], [])),
        ("with some actions", ([action("Edit", "name"), action("Delete", "name")], [], [])),
        (
            "with actions",
            (
                [action("Edit", "name"), action("Delete", "name")],
                [action("Change", "date of birth")],
                [action("Edit", "contact information"), action("Change", "contact information")],
            ),
        ),
    ],
)
def test_summary_list(name, actions):
    keys = (("Name", "Firstname Lastname"), ("Date of birth", "13/08/1980"), ("Contact information", CONTACT))
    rows = [{"key": k, "value": v, "actions": a} for (k, v), a in zip(keys, actions, strict=True)]
    assert ours("summary_list", rows=rows) == theirs("summary-list", name)


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("as a summary card with a text header", []),
        (
            "as a summary card with actions",
            [{"href": "#", "text": "Delete job history"}, {"href": "#", "text": "Withdraw job history"}],
        ),
    ],
)
def test_summary_card(name, actions):
    rows = [{"key": "Name", "value": "Firstname Lastname"}, {"key": "Date of birth", "value": "13/08/1980"}]
    assert ours("summary_card", title="Undergraduate teaching assistant", rows=rows, actions=actions) == theirs(
        "summary-list", name
    )


def test_a_card_with_one_action_is_as_theirs_with_one():
    card = ours("summary_card", title="Child", rows=[], actions=[{"href": "#", "text": "Change"}])[0]
    only = theirs("summary-list", "summary card with only 1 action")[0]
    assert [card[2][3][0], card[2][3][1]] == [only[2][3][0], only[2][3][1]]


PAGES = [{"number": n, "href": f"/page/{n}", "current": n == 2} for n in (1, 2, 3)]
MANY = [
    {"number": 1, "href": "/page/1"},
    {"ellipsis": True},
    *({"number": n, "href": f"/page/{n}", "current": n == 10} for n in range(8, 13)),
    {"ellipsis": True},
    {"number": 40, "href": "/page/40"},
]


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("default", {"previous": "/previous", "next": "/next", "items": PAGES}),
        ("with many pages", {"previous": "/previous", "next": "/next", "items": MANY}),
        ("with prev and next only", {"previous": "/previous", "next": "/next"}),
        (
            "with prev and next only and labels",
            {
                "previous": "/previous",
                "next": "/next",
                "previous_text": "Previous page",
                "next_text": "Next page",
                "previous_label": "Paying VAT and duty",
                "next_label": "Registering an imported vehicle",
            },
        ),
        ("with previous only", {"previous": "/previous"}),
        ("with next only", {"next": "/next"}),
    ],
)
def test_pagination(name, context):
    assert ours("pagination", **context) == theirs("pagination", name)


def test_one_page_has_no_pagination():
    assert ours("pagination", items=[]) == []


def test_notification_banner():
    text = "This publication was withdrawn on 7 March 2014."
    assert ours("notification_banner", text=text) == theirs("notification-banner")
    assert ours("notification_banner", text="Email sent to example@email.com", success=True) == theirs(
        "notification-banner", "with type as success"
    )


def test_phase_banner():
    text = mark_safe(  # noqa: S308
        'This is a new service - your <a href="#" class="govuk-link">feedback</a> will help us to improve it.'
    )
    assert ours("phase_banner", tag="Alpha", text=text) == theirs("phase-banner")


def test_service_navigation():
    items = [{"href": f"#/{n}", "text": f"Navigation item {n}", "current": n == 2} for n in (1, 2, 3, 4)]
    assert ours("service_navigation", items=items) == theirs(
        "service-navigation", "with navigation with a current item"
    )


def test_panel():
    assert ours("panel", title="Application complete", text="Your reference number", strong="HDJ2123F") == theirs(
        "panel"
    )


def test_warning_text():
    text = "You can be fined up to £5,000 if you don’t register."
    assert ours("warning_text", text=text) == theirs("warning-text")


def test_inset_text():
    text = (
        "It can take up to 8 weeks to register a lasting power of attorney if there are no mistakes in the application."
    )
    assert ours("inset_text", text=text) == theirs("inset-text")


def test_details():
    text = theirs("details")[0][3][2]
    assert ours("details", summary="Help with nationality", text=text) == theirs("details")


def test_tag():
    assert ours("tag", text="Grey", colour="grey") == theirs("tag", "grey")


def test_back_link_stands_in_a_landmark():
    (landmark,) = ours("back_link")
    assert landmark[:2] == ["nav", {"aria-label": "Back"}]
    assert landmark[2:] == theirs("back-link")


def test_error_summary():
    errors = [
        {"text": "The date your passport was issued must be in the past", "href": "#example-error-1"},
        {"text": "Enter a postcode, like AA1 1AA", "href": "#example-error-2"},
    ]
    assert ours("error_summary", errors=errors) == theirs("error-summary")
    assert ours("error_summary", errors=[{"text": "Invalid username or password"}]) == theirs(
        "error-summary", "without links"
    )
    assert ours("error_summary") == []


def test_nothing_typed_runs_in_a_component():
    bad = "<img src=x onerror=alert(1)>"
    for component, context in {
        "panel": {"title": bad, "text": bad, "strong": bad},
        "inset_text": {"text": bad},
        "summary_card": {"title": bad, "rows": [{"key": bad, "value": bad}], "actions": [{"href": bad, "text": bad}]},
        "task_list": {"items": [{"title": bad, "href": bad, "hint": bad, "status": bad}]},
        "typed": {"typed": [(bad, bad)]},
        "details": {"summary": bad, "text": bad},
        "warning_text": {"text": bad},
        "notification_banner": {"text": bad},
        "pagination": {"previous": bad, "previous_label": bad},
    }.items():
        assert "<img" not in render_to_string(f"components/{component}.html", context)


# --- fields, as the crispy templates draw them ----------------------------------------------------------------------


def drawn(form: forms.Form) -> str:
    page = "{% load crispy_forms_tags %}{% include 'components/error_summary.html' %}{% crispy form %}"
    return Template(page).render(Context({"form": form}))


class Secret(forms.Form):
    use_required_attribute = False
    secret = forms.CharField(
        widget=forms.PasswordInput,
        error_messages={"required": "Error message goes here"},
        help_text="It probably has some letters, numbers and maybe even some symbols in it.",
        label="Password",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = PageForm().helper
        self.fields["secret"].size = ""


@pytest.mark.parametrize(("data", "name"), [(None, "with hint text"), ({"secret": ""}, "with error message")])
def test_password_input(data, name):
    golden = example("password-input", name)
    ids = {"with hint text": "password-input-with-hint-text", "with error message": "password-input-with-error-message"}
    names = {"with hint text": "test-name-2", "with error message": "test-name-3"}
    same = golden.replace(ids[name], "id_secret").replace(names[name], "secret")
    assert inside(drawn(Secret(data)), "div", "govuk-password-input") == outline(same)


class Sample(PageForm):
    more = LongTextField("Can you provide more detail?", max_length=10, size="", rows=5)
    when = DateField("What is your date of birth?", hint="For example, 31 3 1980", size="")
    where = RadioField(
        "Where do you live?",
        [
            Choice("england", "England", hint="Not Wales"),
            Choice("other", "Somewhere else", reveals="country"),
        ],
        missing="Choose where you live",
    )
    country = TextField("Country", missing="Enter the country")
    side = RadioField("Left or right?", [("l", "Left"), ("r", "Right")], inline=True)
    waste = CheckboxesField("What waste?", [("mine", "From mines"), Choice("none", "None", exclusive=True)])
    sort = ChoiceField("Sort by", [("recent", "Recent")], missing="Choose how to sort")


def test_character_count():
    group = inside(drawn(Sample()), "div", "govuk-character-count")[0]
    golden = theirs("character-count")[0]
    assert group[1].pop("data-threshold") == "75"
    for node in (golden[2], golden[3], golden[4]):
        for name in ("for", "id", "name", "aria-describedby"):
            if name in node[1]:
                node[1][name] = node[1][name].replace("more-detail", "more" if name == "name" else "id_more")
    assert group == golden


def test_a_date_error_reddens_only_the_boxes_to_mend():
    html = drawn(Sample({"when_day": "31", "when_month": "3", "where": "england", "country": "x", "sort": "recent"}))
    boxes = {box: inside(html, "input", f"govuk-input--width-{width}") for box, width in (("day", 2), ("year", 4))}
    assert "govuk-input--error" not in boxes["day"][0][1]["class"]
    assert "govuk-input--error" in boxes["year"][0][1]["class"]
    assert boxes["day"][0][1]["value"] == "31"
    assert '<a href="#id_when_year">The date must include a year</a>' in html
    group = inside(html, "fieldset", "govuk-fieldset")[0]
    assert group[1] == {"class": "govuk-fieldset", "role": "group", "aria-describedby": "id_when-hint id_when-error"}


def test_every_error_links_to_a_control_that_is_there_in_the_pages_order():
    html = drawn(Sample({"when_day": "x"}))
    summary = inside(html, "ul", "govuk-error-summary__list")[0][2:]
    targets = [item[2][1]["href"] for item in summary]
    assert targets == ["#id_when_month", "#id_where", "#id_country", "#id_sort"]
    for target in targets:
        assert f'id="{target[1:]}"' in html
    message = inside(html, "p", "govuk-error-message")[0]
    assert message[2] == ["span", {"class": "govuk-visually-hidden"}, "Error:"]


def test_a_choice_that_reveals_says_so_and_holds_the_field_once():
    html = drawn(Sample())
    assert html.count("data-aria-controls") == 1
    assert html.count('name="country"') == 1
    block = inside(html, "div", "govuk-radios__conditional")[0]
    assert block[1] == {
        "class": "govuk-radios__conditional govuk-radios__conditional--hidden",
        "id": "conditional-id_where-2",
    }
    assert "govuk-radios__conditional--hidden" not in drawn(Sample({"where": "other"}))


def test_inline_radios_keep_their_base_class():
    assert inside(drawn(Sample()), "div", "govuk-radios--inline")[0][1] == {
        "class": "govuk-radios govuk-radios--inline",
        "data-module": "govuk-radios",
    }


def test_selects_redden_and_none_of_these_is_exclusive():
    html = drawn(Sample({}))
    assert "govuk-select--error" in inside(html, "select", "govuk-select")[0][1]["class"]
    assert html.count('data-behaviour="exclusive"') == 1


def test_nothing_is_required_or_cut_short_by_the_browser():
    html = drawn(Sample({}))
    assert " required" not in html
    assert " maxlength=" not in html


def test_a_label_as_the_pages_heading():
    class One(PageForm):
        name = TextField("What is the child’s name?", heading=True)
        tried = CheckboxesField("What have you tried?", [("a", "A")], heading=True)

    html = drawn(One())
    assert inside(html, "h1", "govuk-label-wrapper")[0][2][1]["class"] == "govuk-label govuk-label--l"
    assert inside(html, "legend", "govuk-fieldset__legend--l")[0][2][:2] == ["h1", {"class": "govuk-fieldset__heading"}]


def test_what_was_typed_is_shown_again_and_runs_nothing():
    html = drawn(Sample({"more": "<script>x</script>", "when_day": '"><b>', "country": "'\"<i>", "waste": ["none"]}))
    assert "<script>x" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;x&lt;/script&gt;" in html
