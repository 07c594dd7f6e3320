"""Part IV: beyond the plain network."""
