"""CheckedFlow → Graph: one graph that is drawn, analysed and run."""
