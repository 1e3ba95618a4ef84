from django.urls import path

from thresholds import editing_views, public_views, views

urlpatterns = [
    path("threshold/", views.threshold, name="threshold"),
    path("threshold/history/", public_views.threshold_history, name="threshold_history"),
    path(
        "threshold/indicator/<slug:key>/",
        public_views.threshold_lasting_indicator,
        name="threshold_lasting_indicator",
    ),
    path("threshold/<slug:version>.pdf", public_views.threshold_pdf, name="threshold_pdf"),
    path("threshold/<slug:version>/", views.threshold_version, name="threshold_version"),
    path("threshold/<slug:version>/<slug:key>/", views.threshold_indicator, name="threshold_indicator"),
    path("content/", editing_views.threshold_versions, name="threshold_versions"),
    path("content/make-draft/<slug:version>/", editing_views.threshold_make_draft, name="threshold_make_draft"),
    path("content/<slug:version>/", editing_views.threshold_draft, name="threshold_draft"),
    path(
        "content/<slug:version>/reword/<slug:noun>/<int:pk>/", editing_views.threshold_reword, name="threshold_reword"
    ),
    path("content/<slug:version>/try/", editing_views.threshold_try, name="threshold_try"),
    path("content/<slug:version>/publish/", editing_views.threshold_publish, name="threshold_publish"),
]
