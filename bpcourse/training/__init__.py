"""Part III: what makes a network train."""
