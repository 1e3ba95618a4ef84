"""What is asked about agencies, teams and contact points."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from partnerships.forms import (
    CheckboxField,
    Choice,
    ChoiceField,
    EmailField,
    LongTextField,
    PageForm,
    RadioField,
    TelephoneField,
    TextField,
)
from partnerships.models import Team

SOURCES = (
    ("1A", "Family member, relative or carer"),
    ("1B", "Acquaintance"),
    ("1C", "The child or young person"),
    ("1D", "Another individual"),
    ("2A", "Schools"),
    ("2B", "Education services"),
    ("3A", "GP"),
    ("3B", "Health visitor"),
    ("3C", "School nurse"),
    ("3D", "Other primary health services"),
    ("3E", "A&E"),
    ("3F", "Other health services"),
    ("4", "Housing"),
    ("5A", "Council: adult social care"),
    ("5B", "Council: another service"),
    ("5C", "Another council"),
    ("5D", "Council: early help"),
    ("6", "Police"),
    ("7", "Another legal agency"),
    ("8", "Other"),
    ("9", "Anonymous"),
    ("10", "Not known"),
)
"""Source of referral in the Children in Need census. An agency carries it, so that no practitioner is asked for it."""

AGENCY_KINDS = (
    ("school", "School or college"),
    ("nursery", "Nursery or childminder"),
    ("gp", "GP practice"),
    ("health_visiting", "Health visiting or school nursing"),
    ("hospital", "Hospital or ambulance"),
    ("mental_health", "Mental health"),
    ("police", "Police"),
    ("probation", "Probation or youth justice"),
    ("housing", "Housing"),
    ("social_care", "Council: social care or early help"),
    ("voluntary", "Voluntary or faith organisation"),
    ("other", "Another kind"),
)
POINT_KINDS = (
    ("emergency", "Emergency"),
    ("front_door", "Front door"),
    ("out_of_hours", "Out of hours"),
    ("advice", "Advice"),
    ("early_help", "Early help"),
    ("lado", "LADO"),
    ("prevent", "Prevent"),
    ("police", "Police"),
    ("marac", "MARAC"),
    ("mappa", "MAPPA"),
    ("nrm", "NRM"),
    ("disagreement", "Disagreement between agencies"),
    ("other", "Another kind"),
)
PREFIX = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?(?:[0-9](?:[A-Z]{2})?)?")
MOST_PREFIXES = 400
WHOLE_ADDRESS = "Enter the web address in full, such as https://www.example.gov.uk/"


class PartnershipForm(PageForm):
    name = TextField("Name", max_length=200, missing="Enter the partnership's name")
    short_name = TextField(
        "Short name",
        hint="The area, as people choose it on the first page",
        max_length=80,
        missing="Enter the short name",
    )
    local_authority = TextField("Council", max_length=200)
    la_code = TextField("The council's code", width=3, max_length=3, inputmode="numeric", called="the code")
    form_name = TextField(
        "What the referral form is called",
        hint="For example, Multi-Agency Referral Form",
        max_length=120,
        missing="Enter what the form is called",
    )
    document_marking = TextField(
        "The marking on every page of a document",
        hint="For example, OFFICIAL-SENSITIVE",
        max_length=60,
        missing="Enter the marking",
    )
    public_form = CheckboxField(
        "Members of the public may use it too",
        hint="Without it, whoever is in the middle of it can still finish and send",
    )

    def clean_la_code(self) -> str:
        code: str = self.cleaned_data["la_code"]
        if code and not re.fullmatch("[0-9]{3}", code):
            raise ValidationError("The code must be three figures, such as 887")
        return code


class AgencyForm(PageForm):
    name = TextField("Name", max_length=200, missing="Enter the agency's name")
    kind = ChoiceField("What kind of agency is it?", AGENCY_KINDS, missing="Choose what kind of agency it is")
    source_of_referral = ChoiceField(
        "Source of referral in the census",
        [(code, f"{code}: {words}") for code, words in SOURCES],
        hint="Statistics count its referrals under this code. Nobody who refers is asked for it.",
        missing="Choose the source of referral",
        called="the source of referral",
    )


class TeamForm(PageForm):
    name = TextField("Name", max_length=200, missing="Enter the team's name")
    kind = RadioField(
        "What does it take?",
        [
            Choice(Team.Kind.MASH.value, "What goes to the MASH", hint="Only its screeners and managers read it"),
            Choice(Team.Kind.EARLY_HELP.value, "What goes to early help"),
        ],
        missing="Choose what the team takes",
    )
    postcodes = LongTextField(
        "Postcodes that it serves",
        hint="For an early help team. Districts or sectors, with commas or each on a line: ME4, ME5 7",
        rows=3,
        max_length=4000,
        called="the postcodes",
    )
    is_default = CheckboxField("It takes every postcode that no other team of its kind serves")
    address = TextField("Address", max_length=300)
    email = EmailField("Email address", autocomplete="off")
    telephone = TelephoneField("Telephone", autocomplete="off", called="the telephone number")

    def __init__(self, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if team:
            del self.fields["kind"]
            if team.is_mash:
                del self.fields["postcodes"]

    def clean_postcodes(self) -> list[str]:
        """Prefixes without spaces, in capitals, each once. What is none is named."""
        typed = [re.sub(r"\s", "", each).upper() for each in re.split(r"[,;\n]", self.cleaned_data["postcodes"])]
        found = list(dict.fromkeys(each for each in typed if each))
        wrong = [each for each in found if not PREFIX.fullmatch(each)]
        if wrong:
            raise ValidationError(f"{wrong[0][:20]} is no postcode district or sector. Write it as ME4 or ME4 6")
        if len(found) > MOST_PREFIXES:
            raise ValidationError(f"Enter {MOST_PREFIXES} postcodes or fewer")
        return found


class ContactPointForm(PageForm):
    kind = ChoiceField("What is it for?", POINT_KINDS, missing="Choose what it is for")
    name = TextField("Name", max_length=200, missing="Enter its name")
    telephone = TelephoneField("Telephone", autocomplete="off", called="the telephone number")
    email = EmailField("Email address", autocomplete="off")
    url = TextField("Web address", max_length=400, spellcheck=False, called="the web address")
    when = LongTextField("When should somebody use it?", rows=3, max_length=400, called="when to use it")
    source = TextField(
        "Where this is from", hint="For example, the page of your document", max_length=300, called="where this is from"
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url:
            URLValidator(schemes=["https", "http"], message=WHOLE_ADDRESS)(url)
        return url

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors and not any(told.get(name) for name in ("telephone", "email", "url", "when")):
            self.add_error("telephone", "Enter a telephone number, an email or web address, or say when to use it")
        return told
