"""One panel a file; each reads the state, calls pure code, and sets its widgets. Each is usable alone in a cell."""
