"""The tab Queues: what runs in the nine slots, the waiting line, and how a person reorders and pauses it (R-ENG)."""
