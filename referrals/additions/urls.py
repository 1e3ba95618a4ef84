from django.urls import path

from referrals.additions import views

ONE = "referrals/<uuid:referral_id>/"

urlpatterns = [
    path(f"{ONE}add/", views.referral_add, name="referral_add"),
    path(f"{ONE}correct/", views.referral_correct, name="referral_correct"),
    path(f"{ONE}withdraw/", views.referral_withdraw, name="referral_withdraw"),
    path(f"{ONE}sibling/", views.referral_sibling, name="referral_sibling"),
    path("triage/<uuid:referral_id>/withdrawal/", views.referral_withdrawal, name="referral_withdrawal"),
]
