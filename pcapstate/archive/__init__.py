"""Archives: weeks of captures as a dataset of connections and states."""
