"""The contract, in numpy: tokens, requests, interventions, traces, and what everything above knows of a model."""
