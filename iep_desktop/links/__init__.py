"""The hospital's other systems: RIS messages and e-mail."""
