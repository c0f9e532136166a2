"""What computes: a model in this process, its prefix cache, and the engine that reads."""
