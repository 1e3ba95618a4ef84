from django.urls import path

from referrals.intake import sending_views, sharing_views, tracking, views

DRAFT = "refer/<uuid:draft_id>/"

urlpatterns = [
    path("refer/", views.refer_before, name="refer_before"),
    path("refer/start/", views.refer_start, name="refer_start"),
    path(DRAFT, views.refer_tasks, name="refer_tasks"),
    path(f"{DRAFT}check/", sending_views.refer_check, name="refer_check"),
    path(f"{DRAFT}send/", sending_views.refer_send, name="refer_send"),
    path(f"{DRAFT}sent/", sending_views.refer_sent, name="refer_sent"),
    path(f"{DRAFT}called-999/", sending_views.refer_called, name="refer_called"),
    path(f"{DRAFT}discard/", views.refer_discard, name="refer_discard"),
    path(f"{DRAFT}share/", sharing_views.draft_share, name="draft_share"),
    path(f"{DRAFT}take-over/", sharing_views.draft_take, name="draft_take"),
    path(f"{DRAFT}child/<int:number>/remove/", views.refer_remove, {"group": "child"}, name="refer_remove"),
    path(f"{DRAFT}person/<int:number>/remove/", views.refer_remove, {"group": "person"}, name="refer_remove"),
    path(f"{DRAFT}child/<int:number>/indicators/level/", views.refer_level, name="refer_level"),
    path(f"{DRAFT}child/<int:number>/<slug:slug>/", views.refer_page, {"group": "child"}, name="refer_page"),
    path(f"{DRAFT}person/<int:number>/<slug:slug>/", views.refer_page, {"group": "person"}, name="refer_page"),
    path(f"{DRAFT}<slug:slug>/", views.refer_page, name="refer_page"),
    path("referrals/", tracking.my_referrals, name="my_referrals"),
    path("referrals/<uuid:referral_id>/", tracking.referral_track, name="referral_track"),
    path("referrals/<uuid:referral_id>/copy.pdf", tracking.referral_copy, name="referral_copy"),
    path("referrals/<uuid:referral_id>/letters/<uuid:letter_id>/", tracking.letter, name="letter"),
]
