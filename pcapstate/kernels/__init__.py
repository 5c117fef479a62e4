"""The kernels: hot loops that run compiled or as plain Python, and what compiles and loads them."""
