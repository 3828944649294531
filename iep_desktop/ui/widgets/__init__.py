"""Small widgets that every window is made of. They know the theme and nothing of the ledger."""
