"""Addresses of a draft's effect on past referrals."""

from django.urls import path

from referrals.replay import views

urlpatterns = [
    path("content/<slug:version>/effect/", views.threshold_effect, name="threshold_effect"),
    path("content/<slug:version>/effect/start/", views.threshold_effect_start, name="threshold_effect_start"),
    path("content/<slug:version>/effect/stop/", views.threshold_effect_stop, name="threshold_effect_stop"),
    path("content/<slug:version>/effect/progress/", views.threshold_effect_progress, name="threshold_effect_progress"),
    path("content/<slug:version>/effect/cases/", views.threshold_effect_cases, name="threshold_effect_cases"),
    path(
        "content/<slug:version>/effect/cases/<uuid:case_id>/", views.threshold_effect_case, name="threshold_effect_case"
    ),
]
