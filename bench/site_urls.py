"""The portal's addresses, and the floor."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

from config.urls import handler404, handler500
from partnerships.access import open_to_all
from partnerships.models import Team

__all__ = ["handler404", "handler500", "urlpatterns"]


@open_to_all("It says nothing")
def floor(request: Any) -> HttpResponse:
    return render(request, "base.html", {"teams": list(Team.objects.filter(partnership=request.partnership))})


urlpatterns = [path("<slug:partnership>/floor/", floor), path("", include("config.urls"))]
