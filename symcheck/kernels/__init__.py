"""Reference kernels of positional encodings, written once against the Python array API standard.

A function takes arrays and works in their namespace (NumPy, PyTorch, JAX, CuPy); one that creates
a table takes ``xp=``, ``dtype=`` and ``device=``. No kernel keeps state.
"""
