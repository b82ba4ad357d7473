"""The pages: what a person sees and can do, each a thin layer over orders, runs and views."""
