"""The weights of a model without torch: read, given a version, laid out once for reading, mapped into memory."""
