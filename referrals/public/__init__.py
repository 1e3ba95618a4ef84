"""The public's own form: short, without an account, for whoever is worried about a child they know."""
