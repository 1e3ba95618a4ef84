"""Addresses of the queue, of the referral's page, and of each step."""

from django.urls import path

from referrals.seen import views as seen_views
from referrals.triage import absence_views, decide_view, queue_views, record_views, sign_off_views, step_views, views

ONE = "triage/<uuid:referral_id>/"

urlpatterns = [
    path("queue/", queue_views.queue, name="queue"),
    path("queue/<slug:team>/", queue_views.queue_team, name="queue_team"),
    path("queue/<slug:team>/next/", queue_views.queue_next, name="queue_next"),
    path("queue/<slug:team>/counts/", queue_views.queue_counts, name="queue_counts"),
    path("queue/<slug:team>/filter/", queue_views.queue_filter, name="queue_filter"),
    path("queue/<slug:team>/assign/", queue_views.queue_assign, name="queue_assign"),
    path("queue-views/<int:saved_view_id>/forget/", queue_views.saved_view_forget, name="saved_view_forget"),
    path(ONE, views.referral, name="referral"),
    path(f"{ONE}summary.pdf", views.referral_summary, name="referral_summary"),
    path(f"{ONE}note/", record_views.referral_note, name="referral_note"),
    path(f"{ONE}next-seen/", record_views.referral_next_seen, name="referral_next_seen"),
    path(f"{ONE}restrict/", record_views.referral_restrict, name="referral_restrict"),
    path(f"{ONE}restrict/<int:access_id>/end/", record_views.referral_unname, name="referral_unname"),
    path("restricted/open/", record_views.break_glass, name="break_glass"),
    path("absences/", absence_views.absences, name="absences"),
    path("absences/<int:absence_id>/end/", absence_views.absence_end, name="absence_end"),
    path(f"{ONE}history/", seen_views.referral_history, name="referral_history"),
    path(
        f"{ONE}history/<uuid:child_id>/<uuid:other_child_id>/",
        seen_views.referral_same_child,
        name="referral_same_child",
    ),
    path(
        f"{ONE}history/links/<int:link_id>/take-back/",
        seen_views.referral_take_back_link,
        name="referral_take_back_link",
    ),
    path("search/", seen_views.search, name="search"),
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
