"""Drawing functions of the first part."""
