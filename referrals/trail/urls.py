from django.urls import path

from referrals.trail import views

urlpatterns = [
    path("trail/", views.audit_trail, name="audit_trail"),
    path("trail/export.csv", views.audit_export, name="audit_export"),
    path("trail/anomalies/", views.audit_anomalies, name="audit_anomalies"),
]
