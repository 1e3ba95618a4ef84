from django.urls import URLPattern, URLResolver, include, path

from referrals import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("", include("referrals.additions.urls")),
    path("", include("referrals.public.urls")),
    path("", include("referrals.attachments.urls")),
    path("", include("referrals.trail.urls")),
    path("", include("referrals.intake.urls")),
    path("", include("referrals.clocks.urls")),
    path("", include("referrals.triage.urls")),
    path("", include("referrals.consistency.urls")),
    path("", include("referrals.replay.urls")),
    path("", include("referrals.setup.urls")),
    path("", include("referrals.asking.urls")),
    path("", include("referrals.disagreement.urls")),
    path("", include("referrals.support.urls")),
    path("", include("referrals.transfer.urls")),
    path("", include("referrals.reports.urls")),
    path("", include("referrals.notices.urls")),
    path("", include("referrals.letters.urls")),
    path("", include("referrals.documents.urls")),
]
