"""One script a family of theorems: each states its theorems as terms and proves them."""
