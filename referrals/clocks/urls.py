from django.urls import path

from referrals.clocks import views

urlpatterns = [
    path("settings/", views.partnership_settings, name="partnership_settings"),
    path("settings/front-door/", views.front_door_edit, name="front_door_edit"),
    path("settings/closure-days/add/", views.closure_day_add, name="closure_day_add"),
    path("settings/closure-days/<int:pk>/remove/", views.closure_day_remove, name="closure_day_remove"),
]
