"""Addresses of a transfer: the sender's page, and the receiver's."""

from django.urls import path

from referrals.transfer import views

urlpatterns = [
    path("triage/<uuid:referral_id>/transfer/", views.referral_transfer, name="referral_transfer"),
    path("triage/<uuid:referral_id>/arrival/", views.referral_arrival, name="referral_arrival"),
]
