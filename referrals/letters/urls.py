"""Addresses of the letters: their texts, those to others than the referrer, and the reader's answer."""

from django.urls import path

from referrals.letters import other_views, text_views

ONE = "triage/<uuid:referral_id>/letters/"
MINE = "referrals/<uuid:referral_id>/letters/<uuid:letter_id>/"

urlpatterns = [
    path("letters/", text_views.letter_texts, name="letter_texts"),
    path("letters/<slug:kind>/", text_views.letter_text, name="letter_text"),
    path("letters/<slug:kind>/edit/", text_views.letter_text_edit, name="letter_text_edit"),
    path("letters/<slug:kind>/discard/", text_views.letter_text_discard, name="letter_text_discard"),
    path("letters/<slug:kind>/approve/", text_views.letter_text_approve, name="letter_text_approve"),
    path(f"{ONE}new/<slug:kind>/", other_views.letter_new, name="letter_new"),
    path(f"{MINE}agree/", other_views.letter_agree, name="letter_agree"),
    path(f"{MINE}challenge/", other_views.letter_challenge, name="letter_challenge"),
]
