"""A campaign: tasks dealt out to the workers of a Dask cluster, and a folder of the records of each."""
