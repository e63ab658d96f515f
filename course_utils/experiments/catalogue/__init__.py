"""The experiments: one file each, which defines ``EXPERIMENT``; its name is the file's, with hyphens."""
