"""Telling of a worry: the guided form, its drafts, and the sending that makes a referral of one."""
