"""Sign-in's addresses: our own pages first, then the sign-in library's, without those that change who people are to us.

An account's email address is where notices go and how its owner is known; it is set with the invitation. The library's
page would let whoever is signed in move the account to any address, with neither password nor proof. So would its pages
that connect an account with another organisation's: an address does that (`partnerships/oidc.py`).
"""

from django.urls import include, path, re_path

from partnerships import account_views, invitation_views, views

urlpatterns = [
    path("", account_views.account, name="account"),
    path("signup/", views.no_account, name="account_signup"),
    path("login/", account_views.sign_in, name="account_login"),
    path("prove-anew/", account_views.prove_anew, name="prove_anew"),
    path("session/", account_views.session_status, name="session_status"),
    path("sessions/end-others/", account_views.sessions_end_others, name="sessions_end_others"),
    path("sessions/<uuid:handle>/end/", account_views.session_end, name="session_end"),
    path("invitation/<str:token>/", invitation_views.invitation, name="invitation"),
    re_path(r"^(?:email|confirm-email|login/code|password/set|other)/", views.closed, name="account_closed"),
    path("2fa/webauthn/", views.to_second_factor, name="mfa_list_webauthn"),
    path("2fa/totp/activate/", account_views.app_set_up, name="mfa_activate_totp"),
    path("2fa/webauthn/add/", account_views.passkey_added, name="mfa_add_webauthn"),
    path("2fa/recovery-codes/", account_views.recovery_codes, name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/download/", account_views.recovery_codes_file, name="mfa_download_recovery_codes"),
    path("2fa/", include("allauth.mfa.urls")),
    path("other/login/cancelled/", views.closed, name="socialaccount_login_cancelled"),
    path("other/login/error/", views.closed, name="socialaccount_login_error"),
    path("other/signup/", views.closed, name="socialaccount_signup"),
    path("other/", views.closed, name="socialaccount_connections"),
    path("oidc/<slug:provider_id>/login/", account_views.organisation_sign_in, name="openid_connect_login"),
    path(
        "oidc/<slug:provider_id>/login/callback/", account_views.organisation_signed_in, name="openid_connect_callback"
    ),
    path("", include("allauth.account.urls")),
]
