"""What the app knows, in slices with traits that one can observe; no widgets. See explorer/README.md."""
