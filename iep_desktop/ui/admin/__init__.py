"""What an admin keeps: nodes and hospitals."""
