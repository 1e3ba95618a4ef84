"""Addresses of asking: the screener's, the referrer's, the agency's."""

from django.urls import path

from referrals.asking import views

ONE = "triage/<uuid:referral_id>/"

urlpatterns = [
    path(f"{ONE}ask/", views.referral_ask, name="referral_ask"),
    path(f"{ONE}check/", views.referral_check, name="referral_check"),
    path(f"{ONE}risk/", views.referral_risk, name="referral_risk"),
    path(f"{ONE}asked/<uuid:ask_id>/withdraw/", views.ask_withdraw, name="ask_withdraw"),
    path("referrals/<uuid:referral_id>/questions/<uuid:ask_id>/", views.question_answer, name="question_answer"),
    path("checks/", views.checks, name="checks"),
    path("checks/board/", views.checks_board, name="checks_board"),
    path("checks/<uuid:ask_id>/", views.check_answer, name="check_answer"),
]
