"""Addresses of documents: below the draft, below the referral as its referrer sees it, and as triage does."""

from django.urls import path

from referrals.attachments import views

DRAFT = "refer/<uuid:draft_id>/attach/files/"

urlpatterns = [
    path(DRAFT, views.draft_files, name="draft_files"),
    path(f"{DRAFT}<uuid:attachment_id>/", views.draft_file, name="draft_file"),
    path(f"{DRAFT}<uuid:attachment_id>/remove/", views.draft_file_remove, name="draft_file_remove"),
    path("referrals/<uuid:referral_id>/files/<uuid:attachment_id>/", views.referral_file, name="referral_file"),
    path("triage/<uuid:referral_id>/files/<uuid:attachment_id>/", views.triage_file, name="triage_file"),
]
