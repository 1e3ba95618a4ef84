"""Every address. A partnership's own stand below its slug."""

from django.urls import include, path

urlpatterns = [
    path("", include("partnerships.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("<slug:partnership>/", include("thresholds.urls")),
    path("<slug:partnership>/", include("referrals.urls")),
]

handler500 = "partnerships.views.failed"
