"""Addresses of one's notices, and of what did not reach its reader."""

from django.urls import path

from referrals.notices import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.notices_read, name="notices_read"),
    path("notices/choice/", views.notices_choice, name="notices_choice"),
    path("settings/notices/", views.undelivered, name="undelivered"),
    path("settings/notices/<uuid:notice_id>/again/", views.try_again, name="try_again"),
    path("settings/notices/<uuid:notice_id>/dealt-with/", views.dealt_with, name="notice_dealt_with"),
]
