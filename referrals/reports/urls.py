"""Addresses of the reports."""

from django.urls import path

from referrals.reports import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/list/", views.reports_list, name="reports_list"),
]
