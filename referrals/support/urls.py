"""Addresses of early help."""

from django.urls import path

from referrals.support import views

urlpatterns = [
    path("early-help/", views.supports, name="supports"),
    path("early-help/<uuid:support_id>/", views.support, name="support"),
    path("early-help/<uuid:support_id>/give-on/", views.support_give_on, name="support_give_on"),
    path("early-help/<uuid:support_id>/<slug:name>/", views.support_step, name="support_step"),
]
