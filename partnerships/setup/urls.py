"""Addresses of a partnership's own set-up."""

from django.urls import path

from partnerships.setup import views

urlpatterns = [
    path("settings/partnership/", views.partnership_edit, name="partnership_edit"),
    path("settings/agencies/add/", views.agency_add, name="agency_add"),
    path("settings/agencies/<slug:agency>/", views.agency_edit, name="agency_edit"),
    path("settings/agencies/<slug:agency>/take-out/", views.agency_take_out, name="agency_take_out"),
    path("settings/teams/add/", views.team_add, name="team_add"),
    path("settings/teams/<slug:team>/", views.team_edit, name="team_edit"),
    path("settings/teams/<slug:team>/take-out/", views.team_take_out, name="team_take_out"),
    path("settings/contact-points/add/", views.contact_point_add, name="contact_point_add"),
    path("settings/contact-points/<int:point_id>/", views.contact_point_edit, name="contact_point_edit"),
    path("settings/contact-points/<int:point_id>/remove/", views.contact_point_remove, name="contact_point_remove"),
    path("settings/contact-points/<int:point_id>/up/", views.contact_point_up, name="contact_point_up"),
]
