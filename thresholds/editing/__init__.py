"""The editor of a draft: its parts as data, what may be done to them, their forms and pages."""
