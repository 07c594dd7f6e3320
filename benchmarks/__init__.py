"""How fast the algorithms are, as ratios to what a learner would use instead."""
