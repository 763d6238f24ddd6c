"""The untrusted part: finds proofs, witnesses and corrections. The checker re-checks all of it."""
