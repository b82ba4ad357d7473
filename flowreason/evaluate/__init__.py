"""Methods compared on questions whose answers are known: what was right, what it cost, how sure that is."""
