"""A threshold as a spreadsheet (xlsx) that a policy officer edits: what stands on which sheet, writing, reading."""
