"""Sending a referral on to another area: a new contact there, its history along, and their receipt."""
