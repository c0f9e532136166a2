"""GPT-2- and Llama-shaped models on a CPU, in numpy: code to read beside the formulas, at the speed of the memory."""
