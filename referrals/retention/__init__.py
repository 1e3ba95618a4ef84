"""How long things are kept. Deletion is by this schedule alone, and each time it is tried first without deleting."""
