"""Addresses of the queue, of the referral's page, and of each step."""

from django.urls import path

from referrals.triage import decide_view, sign_off_views, step_views, views

ONE = "triage/<uuid:referral_id>/"

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/<slug:team>/", views.queue_team, name="queue_team"),
    path("queue/<slug:team>/next/", views.queue_next, name="queue_next"),
    path(ONE, views.referral, name="referral"),
    path(f"{ONE}summary.pdf", views.referral_summary, name="referral_summary"),
    path(f"{ONE}claim/", views.referral_claim, name="referral_claim"),
    path(f"{ONE}release/", views.referral_release, name="referral_release"),
    path(f"{ONE}reassign/", step_views.referral_reassign, name="referral_reassign"),
    path(f"{ONE}acknowledge/", step_views.referral_acknowledge, name="referral_acknowledge"),
    path(f"{ONE}lado/", step_views.referral_lado, name="referral_lado"),
    path(f"{ONE}step-up/", step_views.referral_step_up, name="referral_step_up"),
    path(f"{ONE}step-down/", step_views.referral_step_down, name="referral_step_down"),
    path(f"{ONE}reopen/", step_views.referral_reopen, name="referral_reopen"),
    path(f"{ONE}pass-on/", step_views.referral_pass_on, name="referral_pass_on"),
    path(f"{ONE}decide/", decide_view.referral_decide, name="referral_decide"),
    path(f"{ONE}decide/<int:number>/", decide_view.referral_decide_child, name="referral_decide_child"),
    path(f"{ONE}sign-off/", sign_off_views.referral_sign_off, name="referral_sign_off"),
    path(f"{ONE}take-back/", sign_off_views.referral_take_back, name="referral_take_back"),
    path("sign-offs/", sign_off_views.sign_offs, name="sign_offs"),
]
