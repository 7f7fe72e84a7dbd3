"""What schemathesis makes up where the document names a format: nothing that leads to anybody."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

_PATHS = st.text("abcxyz019-._~%/?=&äö ", max_size=20)
_NOBODY = st.sampled_from(("https://shop.example.com/", "http://127.0.0.1:8080/", "HTTP://EXAMPLE.com:80/"))

schemathesis.openapi.format("uri", st.builds("{}{}".format, _NOBODY, _PATHS))
schemathesis.openapi.format("email", st.builds("{}@example.com".format, st.text("abc.+-", min_size=1, max_size=10)))
