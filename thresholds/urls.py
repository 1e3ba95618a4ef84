from django.urls import path

from thresholds import draft_views, exchange_views, public_views, publishing_views, views
from thresholds.editing import views as editing

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
    path("content/", draft_views.threshold_versions, name="threshold_versions"),
    path("content/difference/", draft_views.threshold_difference, name="threshold_difference"),
    path("content/import/", exchange_views.threshold_import, name="threshold_import"),
    path("content/make-draft/<slug:version>/", draft_views.threshold_make_draft, name="threshold_make_draft"),
    path("content/<slug:version>/", draft_views.threshold_draft, name="threshold_draft"),
    path(
        "content/<slug:version>/download/<slug:format>/", exchange_views.threshold_download, name="threshold_download"
    ),
    path("content/<slug:version>/try/", draft_views.threshold_try, name="threshold_try"),
    path("content/<slug:version>/changes/", editing.threshold_changes, name="threshold_changes"),
    path("content/<slug:version>/discard/", editing.threshold_discard, name="threshold_discard"),
    path("content/<slug:version>/ask/", publishing_views.threshold_ask, name="threshold_ask"),
    path("content/<slug:version>/approval/", publishing_views.threshold_approval, name="threshold_approval"),
    path("content/<slug:version>/withdraw/", publishing_views.threshold_withdraw, name="threshold_withdraw"),
    path("content/<slug:version>/publish/", publishing_views.threshold_publish, name="threshold_publish"),
    path("content/<slug:version>/part/<slug:noun>/", editing.threshold_part, name="threshold_part"),
    path("content/<slug:version>/part/<slug:noun>/add/", editing.threshold_add, name="threshold_add"),
    path("content/<slug:version>/part/<slug:noun>/move/", editing.threshold_move, name="threshold_move"),
    path("content/<slug:version>/part/<slug:noun>/<int:pk>/", editing.threshold_row, name="threshold_row"),
    path("content/<slug:version>/part/<slug:noun>/<int:pk>/retire/", editing.threshold_retire, name="threshold_retire"),
    path(
        "content/<slug:version>/part/<slug:noun>/<int:pk>/restore/", editing.threshold_restore, name="threshold_restore"
    ),
]
