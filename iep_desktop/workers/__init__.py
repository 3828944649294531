"""What runs: plain jobs, and the engine that claims slots and runs them."""
