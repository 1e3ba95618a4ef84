"""What a manager looks for in the audit trail."""

from __future__ import annotations

from partnerships.fields import DateField, TextField
from partnerships.forms import PageForm
from partnerships.trail import SEARCHES, Sought


class TrailForm(PageForm):
    object_id = TextField(
        "Referral",
        hint="Its reference, such as MED-7K3P-2Q. You find who read or changed any part of it, and who saw it listed "
        f"in a search (of the latest {SEARCHES:,} searches)",
        max_length=64,
        width=20,
        autocomplete="off",
    )
    person = TextField("Person", hint="Their email address", max_length=254, autocomplete="off")
    verb = TextField("What was done", hint="Such as referral.read, signin or request.refused", max_length=60, width=20)
    first = DateField("From", called="the first day")
    last = DateField("To", called="the last day")

    def sought(self, object_id: str) -> Sought:
        told = self.cleaned_data
        return Sought(
            object_id=object_id,
            person=told.get("person") or "",
            verb=told.get("verb") or "",
            first=told.get("first"),
            last=told.get("last"),
        )
