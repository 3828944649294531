"""The first start: who we are, PACS, gateway, ledger; each with a Test that says what is wrong."""
