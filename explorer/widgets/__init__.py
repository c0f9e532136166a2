"""What runs in a notebook cell: state, the worker that asks the model, and panels that only wire them to pictures."""
