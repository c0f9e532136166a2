"""What was tried: the tree of steps, its file, and its replay."""
