"""Documents that go with a referral: checked by content, sealed, scanned, and handed out with care."""
