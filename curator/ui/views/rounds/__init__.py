"""The page of labelling rounds, and the page of trials."""
