"""Sign-in's addresses: the sign-in library's, without those by which people would change who they are to us.

An account's email address is where notices go and how its owner is known; it is set with the invitation. The library's
page would let whoever is signed in move the account to any address, with neither password nor proof.
"""

from django.urls import include, path, re_path

from partnerships import views

urlpatterns = [
    re_path(r"^(?:email|confirm-email|login/code|password/set)/", views.closed, name="account_closed"),
    path("", include("allauth.account.urls")),
]
