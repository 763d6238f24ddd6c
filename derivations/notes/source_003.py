"""Claims of source 003: Su Jianlin, "Transformer upgrade 1: tracing the sinusoidal position code" (2021).

Conventions of the document: vectors are columns, the position code has the cosine first from eq. 9 on.
"""

from __future__ import annotations

from symcheck.claims import Source, claim
from symcheck.evidence import proved

SOURCE = Source(
    file="003_01502a0f2f74b240.txt", key="S003", title="Transformer升级之路:1、Sinusoidal位置编码追根溯源",
    author="苏剑林", date="2021-03-08", address="https://kexue.fm/archives/8231", language="zh",
)  # fmt: skip

claim("S003-005", SOURCE, "section on the Taylor expansion, eq. 4",
      r"\tilde f \approx f + p_m^\top \frac{\partial f}{\partial x_m} + p_n^\top \frac{\partial f}{\partial x_n}"
      r" + \tfrac12 p_m^\top \frac{\partial^2 f}{\partial x_m^2} p_m"
      r" + \tfrac12 p_n^\top \frac{\partial^2 f}{\partial x_n^2} p_n"
      r" + p_m^\top \frac{\partial^2 f}{\partial x_m \partial x_n} p_n",
      "Second-order expansion of the encoded model in the two position codes.",
      proved("taylor.second_order"), ["taylor.second_order"])  # fmt: skip
