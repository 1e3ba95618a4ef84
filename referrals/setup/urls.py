from django.urls import path

from referrals.setup import views

urlpatterns = [
    path("settings/set-up/", views.setup_checklist, name="setup_checklist"),
    path("settings/set-up/open/", views.setup_open, name="setup_open"),
]
