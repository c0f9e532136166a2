"""What runs in a notebook cell: elements with their scripts, panels that connect them to the state, and the app."""
