"""How fast the engine is, as ratios to asyncio written by hand for the same work in the same minute, and how soon the app
is there: `make bench`."""
