"""A contact that came by telephone, letter or email, written down by staff with the time at which it truly came."""
