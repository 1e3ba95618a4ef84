from django.urls import path

from referrals.trail import views

urlpatterns = [
    path("trail/", views.audit_trail, name="audit_trail"),
    path("trail/anomalies/", views.audit_anomalies, name="audit_anomalies"),
]
