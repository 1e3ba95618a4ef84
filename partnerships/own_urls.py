"""A partnership's own pages about its people and its trail, below its slug."""

from django.urls import path

from partnerships import member_views

urlpatterns = [
    path("members/", member_views.member_list, name="members"),
    path("members/invite/", member_views.member_invite, name="member_invite"),
    path("members/<int:membership_id>/", member_views.member, name="member"),
    path("members/<int:membership_id>/end/", member_views.member_end, name="member_end"),
    path("members/<int:membership_id>/second-factor/", member_views.member_factor_off, name="member_factor_off"),
    path("members/<int:membership_id>/sign-out/", member_views.member_sign_out, name="member_sign_out"),
    path(
        "members/invitations/<uuid:invitation_id>/withdraw/",
        member_views.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("members/invitations/<uuid:invitation_id>/again/", member_views.invitation_again, name="invitation_again"),
    path("members/agencies/<slug:agency>/second-factor/", member_views.agency_factor, name="agency_factor"),
]
