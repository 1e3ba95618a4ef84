from django.urls import path

from referrals.consistency import views

urlpatterns = [
    path("reports/consistency/", views.consistency, name="consistency"),
    path("reports/consistency/list/", views.consistency_list, name="consistency_list"),
    path("reports/consistency/rate/", views.consistency_rate, name="consistency_rate"),
    path("second/", views.second_screenings, name="second_screenings"),
    path("second/<uuid:second_id>/", views.second_screening, name="second_screening"),
]
