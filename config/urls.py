"""Every address. A partnership's own stand below its slug."""

from django.urls import include, path

from referrals import health_views
from thresholds import compare_views

urlpatterns = [
    path("", include("partnerships.urls")),
    path("health/", health_views.health, name="health"),
    path("health/watch/", health_views.health_watch, name="health_watch"),
    path("accounts/", include("partnerships.account_urls")),
    path("compare/", compare_views.compare, name="threshold_compare"),
    path("<slug:partnership>/", include("partnerships.setup.urls")),
    path("<slug:partnership>/", include("partnerships.own_urls")),
    path("<slug:partnership>/", include("thresholds.urls")),
    path("<slug:partnership>/", include("referrals.urls")),
]

handler400 = "partnerships.views.unreadable"
handler404 = "partnerships.views.not_found"
handler500 = "partnerships.views.failed"
