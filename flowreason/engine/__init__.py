"""The engine: a pure stepper decides what is ready, a thin scheduler waits."""
