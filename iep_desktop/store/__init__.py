"""The ledger: takes and returns core objects, never rows; alone knows SQL."""
