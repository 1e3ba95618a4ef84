"""Every address. A partnership's own stand below its slug."""

from django.urls import include, path

urlpatterns = [
    path("", include("partnerships.urls")),
    path("accounts/", include("partnerships.account_urls")),
    path("<slug:partnership>/", include("thresholds.urls")),
    path("<slug:partnership>/", include("referrals.urls")),
]

handler404 = "partnerships.views.not_found"
handler500 = "partnerships.views.failed"
