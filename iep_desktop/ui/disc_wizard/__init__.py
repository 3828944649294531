"""The CD import wizard: one call, one disc, its patients one by one, from the form to the start."""
