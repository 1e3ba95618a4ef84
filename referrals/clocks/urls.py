from django.urls import path

from referrals.clocks import calendar_views, clock_views, views

ONE = "triage/<uuid:referral_id>/clocks/<int:clock_id>/"

urlpatterns = [
    path("settings/", views.partnership_settings, name="partnership_settings"),
    path("settings/front-door/", views.front_door_edit, name="front_door_edit"),
    path("settings/closure-days/add/", views.closure_day_add, name="closure_day_add"),
    path(f"{ONE}why/", clock_views.clock_why, name="clock_why"),
    path(f"{ONE}pause/", clock_views.clock_pause, name="clock_pause"),
    path(f"{ONE}resume/", clock_views.clock_resume, name="clock_resume"),
    path(f"{ONE}met/", clock_views.clock_meet, name="clock_meet"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("calendar/end/", calendar_views.calendar_end, name="calendar_end"),
    path("calendar/<slug:token>/due.ics", calendar_views.calendar_file, name="calendar_file"),
    path("reports/late/", clock_views.late, name="late"),
    path("queue/<slug:team>/wall/", clock_views.wall, name="wall"),
    path("settings/closure-days/<int:pk>/remove/", views.closure_day_remove, name="closure_day_remove"),
]
