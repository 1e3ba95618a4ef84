"""Addresses of a disagreement: the referrer's page and the front door's."""

from django.urls import path

from referrals.disagreement import views

urlpatterns = [
    path("referrals/<uuid:referral_id>/disagreement/", views.disagreement, name="disagreement"),
    path("triage/<uuid:referral_id>/disagreement/", views.referral_disagreement, name="referral_disagreement"),
]
