"""Addresses of documents to take away."""

from django.urls import path

from referrals.documents import views

ONE = "triage/<uuid:referral_id>/"
MINE = "referrals/<uuid:referral_id>/"

urlpatterns = [
    path(f"{ONE}matrix.pdf", views.matrix_pdf, name="matrix_pdf"),
    path(f"{ONE}plot-sheet.pdf", views.plot_sheet_pdf, name="plot_sheet_pdf"),
    path(f"{MINE}plot-sheet.pdf", views.own_plot_sheet_pdf, name="own_plot_sheet_pdf"),
    path(f"{ONE}evidence/", views.evidence_pdf, name="evidence_pdf"),
    path(f"{ONE}letters/<uuid:letter_id>/letter.pdf", views.letter_pdf, name="letter_pdf"),
    path(f"{MINE}letters/<uuid:letter_id>/letter.pdf", views.own_letter_pdf, name="own_letter_pdf"),
]
