"""What the small pile of the tests is chosen by."""

SMALL_RECIPE = """
name = "small"
selectors = [{ name = "redundancy" }, { name = "k-center", budget = 20 }]
encoder = { name = "lsa" }
clusterer = { name = "kmeans", k = 4 }
"""
