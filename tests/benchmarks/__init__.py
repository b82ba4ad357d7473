"""How fast the engine is, as ratios to asyncio written by hand for the same work in the same minute: `make bench`."""
