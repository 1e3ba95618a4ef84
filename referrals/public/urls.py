from django.urls import path

from referrals.keyed import views as keyed
from referrals.public import views

urlpatterns = [
    path("tell/", views.tell_before, name="tell_before"),
    path("tell/start/", views.tell_start, name="tell_start"),
    path("tell/leave/", views.tell_leave, name="tell_leave"),
    path("tell/check/", views.tell_check, name="tell_check"),
    path("tell/send/", views.tell_send, name="tell_send"),
    path("tell/sent/", views.tell_sent, name="tell_sent"),
    path("tell/<slug:slug>/", views.tell_page, name="tell_page"),
    path("blank-form/", views.form_blank, name="form_blank"),
    path("blank-form.pdf", views.form_blank_pdf, name="form_blank_pdf"),
    path("key/", keyed.contact_key, name="contact_key"),
    path("triage/<uuid:referral_id>/who-told/", views.referral_who_told, name="referral_who_told"),
]
